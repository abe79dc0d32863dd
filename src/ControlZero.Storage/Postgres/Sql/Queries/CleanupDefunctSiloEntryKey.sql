-- Only the row that was seen: a change since then keeps it. 6 is Orleans' number for a dead silo.
DELETE FROM orleansmembershiptable
WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
    AND status = 6 AND starttime = @StartTime AND iamalivetime = @IAmAliveTime AND coalesce(suspecttimes, '') = coalesce(@SuspectTimes, '');
