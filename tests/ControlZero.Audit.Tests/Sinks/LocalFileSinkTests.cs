using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Sinks;

namespace ControlZero.Audit.Tests.Sinks;

public sealed class LocalFileSinkTests : AuditSinkContract
{
    private readonly CancellationTokenSource _hanging = new();

    internal override IAuditArchive Archive => new LocalArchive(Root);

    internal override ILedgerStore Ledger => new LocalLedgerStore(Root, TimeProvider.System);

    internal override IAuditSink CreateSink() => new FaultySink(new LocalFileSink(Root), Faults, _hanging.Token);

    internal override IRetainedStore Retained => new LocalRetainedStore(Root);

    internal override Task PutAsync(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Root, path))!);
        return File.WriteAllBytesAsync(Path.Combine(Root, path), content);
    }

    internal override Task HealedAsync() => _hanging.CancelAsync();

    /// <summary>A disk has no connection to break, so the faults sit on the sink itself.</summary>
    private sealed class FaultySink(IAuditSink inner, SinkFaults faults, CancellationToken healed) : IAuditSink
    {
        public string Name => inner.Name;

        public TimeSpan Linger => TimeSpan.Zero;

        public async Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken) =>
            new Segment(await inner.OpenAsync(id, path, cancellationToken), faults, healed);

        private sealed class Segment(ISinkSegment inner, SinkFaults faults, CancellationToken healed) : ISinkSegment
        {
            public long Length => inner.Length;

            public bool IsSealed => inner.IsSealed;

            public long Last => inner.Last;

            public bool IsNearlyFull => inner.IsNearlyFull;

            public Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken) =>
                SufferAsync(() => inner.AppendAsync(offset, lines, cancellationToken), cancellationToken);

            public Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken) =>
                SufferAsync(() => inner.SealAsync(end, cancellationToken), cancellationToken);

            public ValueTask DisposeAsync() => inner.DisposeAsync();

            private async Task SufferAsync(Func<Task> append, CancellationToken cancellationToken)
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, healed);
                try
                {
                    await faults.SufferAsync(append, either.Token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    throw new IOException("the disk came back");
                }
            }
        }
    }
}
