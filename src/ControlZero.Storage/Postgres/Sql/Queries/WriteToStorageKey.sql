-- Without a version: insert, or take over a cleared record. With one: replace the record of that version. No row comes back from a conflict.
WITH inserted AS (
    INSERT INTO orleansstorage AS stored
        (serviceid, graintypehash, grainidhash, graintypestring, grainidn0, grainidn1, grainidextensionstring, payloadbinary, modifiedon, version)
    SELECT @ServiceId, @GrainTypeHash, @GrainIdHash, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''),
        @PayloadBinary, now(), 1
    WHERE @GrainStateVersion IS NULL
    ON CONFLICT ON CONSTRAINT orleansstorage_identity DO UPDATE
        SET payloadbinary = excluded.payloadbinary, modifiedon = excluded.modifiedon, version = stored.version + 1
        WHERE stored.payloadbinary IS NULL
    RETURNING version
), replaced AS (
    UPDATE orleansstorage
    SET payloadbinary = @PayloadBinary, modifiedon = now(), version = version + 1
    WHERE serviceid = @ServiceId
      AND graintypehash = @GrainTypeHash AND grainidhash = @GrainIdHash AND graintypestring = @GrainTypeString
      AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND grainidextensionstring = coalesce(@GrainIdExtensionString, '')
      AND version = @GrainStateVersion
    RETURNING version
)
SELECT version AS NewGrainStateVersion FROM inserted
UNION ALL
SELECT version FROM replaced;
