using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Sinks;

namespace ControlZero.Audit.Tests.Sinks;

/// <summary>Says when a segment is sealed.</summary>
internal sealed class WatchedSink(IAuditSink inner) : IAuditSink
{
    public TaskCompletionSource Sealed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => inner.Name;

    public TimeSpan Linger => TimeSpan.Zero;

    public async Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken) =>
        new Segment(this, await inner.OpenAsync(id, path, cancellationToken));

    private sealed class Segment(WatchedSink sink, ISinkSegment inner) : ISinkSegment
    {
        public long Length => inner.Length;

        public bool IsSealed => inner.IsSealed;

        public long Last => inner.Last;

        public bool IsNearlyFull => inner.IsNearlyFull;

        public Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken) => inner.AppendAsync(offset, lines, cancellationToken);

        public async Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken)
        {
            await inner.SealAsync(end, cancellationToken);
            sink.Sealed.TrySetResult();
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
