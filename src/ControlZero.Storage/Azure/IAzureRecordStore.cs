namespace ControlZero.Storage.Azure;

/// <summary>The table or the containers that hold the records of one storage provider.</summary>
internal interface IAzureRecordStore
{
    /// <summary>Makes the table or the container when it is not there.</summary>
    Task InitializeAsync(CancellationToken cancellationToken);

    /// <summary>The record of one state of one grain, there or not.</summary>
    /// <exception cref="ArgumentException">The name cannot be kept apart from every other name.</exception>
    IAzureRecordClient Locate(string stateName, GrainId grainId);
}

/// <summary>The requests on one record. Each is one request to the store and throws what the client library throws.</summary>
internal interface IAzureRecordClient
{
    /// <summary>The record's name in the store, for messages.</summary>
    string Address { get; }

    /// <summary>Null: there is no record.</summary>
    Task<AzureRecord?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Inserts when no ETag is expected, replaces the expected record otherwise. No payload writes a cleared record.</summary>
    /// <returns>The new ETag.</returns>
    Task<string> WriteAsync(BinaryData? payload, string nonce, string? expectedETag, CancellationToken cancellationToken);

    /// <summary>Deletes the expected record; a missing one is an error 404.</summary>
    Task DeleteAsync(string expectedETag, CancellationToken cancellationToken);

    /// <summary>Makes the table or container of this record when it is not there.</summary>
    Task CreateContainerAsync(CancellationToken cancellationToken);
}

/// <summary>One stored record.</summary>
/// <param name="ETag">The store's ETag.</param>
/// <param name="Nonce">Of the write that made it. Null: the official provider wrote it.</param>
/// <param name="Payload">The serialized state. Null: the record was cleared.</param>
internal sealed record AzureRecord(string ETag, string? Nonce, BinaryData? Payload);
