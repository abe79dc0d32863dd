using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Sinks;

namespace ControlZero.Audit.Tests.Sinks;

/// <summary>A sink that refuses everything.</summary>
internal sealed class DeafSink : IAuditSink
{
    public string Name => "deaf";

    public TimeSpan Linger => TimeSpan.Zero;

    public Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken) => throw new IOException("the sink refuses");
}
