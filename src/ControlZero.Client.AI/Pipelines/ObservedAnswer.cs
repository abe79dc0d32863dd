namespace ControlZero.Client.AI.Pipelines;

/// <summary>
/// An answer that the program reads piece by piece: its call ends when it has ended, breaks off or is left.
/// </summary>
/// <param name="inner">What the provider sends.</param>
/// <param name="reader">Reads along.</param>
internal sealed class ObservedAnswer(Stream inner, AnswerReader reader) : Stream
{
    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw OnlyRead();

    public override long Position
    {
        get => throw OnlyRead();
        set => throw OnlyRead();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            var count = inner.Read(buffer);
            Pass(buffer[..count], buffer.Length);
            return count;
        }
        catch
        {
            reader.End();
            throw;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            Pass(buffer.Span[..count], buffer.Length);
            return count;
        }
        catch
        {
            reader.End();
            throw;
        }
    }

    public override void Flush() => throw OnlyRead();

    public override long Seek(long offset, SeekOrigin origin) => throw OnlyRead();

    public override void SetLength(long value) => throw OnlyRead();

    public override void Write(byte[] buffer, int offset, int count) => throw OnlyRead();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            reader.End();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static NotSupportedException OnlyRead() => new("the answer is a stream that is read once, from its beginning to its end");

    private void Pass(ReadOnlySpan<byte> piece, int asked)
    {
        if (piece.IsEmpty && asked > 0)
        {
            reader.End();
        }
        else
        {
            reader.Pass(piece);
        }
    }
}
