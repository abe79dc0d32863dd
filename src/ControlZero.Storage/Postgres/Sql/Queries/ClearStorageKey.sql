-- The row stays, so that whoever still holds an older version is refused. No row comes back from a conflict.
UPDATE orleansstorage
SET payloadbinary = NULL, modifiedon = now(), version = version + 1
WHERE serviceid = @ServiceId
      AND graintypehash = @GrainTypeHash AND grainidhash = @GrainIdHash AND graintypestring = @GrainTypeString
      AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND grainidextensionstring = coalesce(@GrainIdExtensionString, '')
      AND version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion;
