namespace ControlZero.Storage.Embedded;

/// <summary>Names one record: a grain and one of its states.</summary>
/// <param name="GrainType">The grain's type.</param>
/// <param name="GrainKey">The grain's key.</param>
/// <param name="StateName">The name of the state.</param>
internal readonly record struct RecordName(string GrainType, string GrainKey, string StateName);

/// <summary>One stored record.</summary>
/// <param name="ETag">Changes with every write, also with a write of the same value.</param>
/// <param name="Payload">The serialized state.</param>
internal sealed record StoredRecord(string ETag, byte[] Payload);

/// <summary>What came of a conditional write or delete.</summary>
/// <param name="Applied">True: it was done. False: the record was not as expected, and nothing changed.</param>
/// <param name="ETag">The record's ETag after the call. Null: there is no record.</param>
internal readonly record struct WriteResult(bool Applied, string? ETag);
