using ControlZero.Client.AI.Enforcement;

namespace ControlZero.Client.AI.Pipelines;

/// <summary>Takes a request body into memory, up to a limit. In a class derived from MemoryStream every other way of writing comes down to these two.</summary>
/// <param name="maxBytes">The limit. Unit: bytes.</param>
internal sealed class BoundedBody(int maxBytes) : MemoryStream
{
    /// <summary>The body so far.</summary>
    public BinaryData Content => new(GetBuffer().AsMemory(0, checked((int)Length)));

    /// <summary>Throws when a body of this length is over the limit.</summary>
    public void RefuseOver(long length)
    {
        if (length > maxBytes)
        {
            throw Refusals.Field(
                "body", Refusals.FieldTooLong, $"the request body is larger than `{maxBytes}` bytes and is not read; send less or raise MaxBodyBytes");
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        RefuseOver(Length + count);
        base.Write(buffer, offset, count);
    }

    /// <inheritdoc/>
    public override void WriteByte(byte value)
    {
        RefuseOver(Length + 1);
        base.WriteByte(value);
    }
}
