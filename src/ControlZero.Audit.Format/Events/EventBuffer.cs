using System.Buffers;

namespace ControlZero.Audit.Format.Events;

/// <summary>Bytes that are written one after the other and can be taken back. Not for several threads.</summary>
public sealed class EventBuffer : IBufferWriter<byte>
{
    private const int First = 4096;

    private byte[] _bytes = new byte[First];

    /// <summary>How much is written. Unit: bytes.</summary>
    public int Length { get; private set; }

    /// <summary>What was written between two lengths. Valid until more is written.</summary>
    public ReadOnlyMemory<byte> Between(int begin, int end) => _bytes.AsMemory(begin, end - begin);

    /// <summary>Forgets what was written after that length.</summary>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsMemory(Length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Grow(sizeHint);
        return _bytes.AsSpan(Length);
    }

    private void Grow(int wanted)
    {
        if (_bytes.Length - Length < Math.Max(wanted, 1))
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + wanted));
        }
    }
}
