-- 6 is Orleans' number for a dead silo.
DELETE FROM orleansmembershiptable
WHERE deploymentid = @DeploymentId AND status = 6 AND greatest(iamalivetime, starttime) < @IAmAliveTime;
