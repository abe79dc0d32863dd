using Orleans.Storage;

namespace ControlZero.Storage.Postgres;

/// <summary>A state that is serialized already.</summary>
internal sealed class StoredPayload
{
    /// <summary>The bytes, as they are stored.</summary>
    public byte[] Bytes { get; init; } = [];
}

/// <summary>Passes the bytes of a <see cref="StoredPayload"/> through, and takes nothing else.</summary>
internal sealed class StoredPayloadSerializer : IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T? input) => BinaryData.FromBytes(((StoredPayload)(object)input!).Bytes);

    public T? Deserialize<T>(BinaryData input) => (T)(object)new StoredPayload { Bytes = input.ToArray() };
}
