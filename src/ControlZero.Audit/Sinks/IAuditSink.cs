using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Sinks;

/// <summary>Where segments go. It may be refused, slow or silent; whatever it throws is tried again, <see cref="SinkFencedException"/> aside.</summary>
public interface IAuditSink
{
    /// <summary>For logs and metrics.</summary>
    string Name { get; }

    /// <summary>How long lines are gathered before they are sent; nothing of a waiting answer depends on it unless it waits for the sink.</summary>
    TimeSpan Linger { get; }

    /// <summary>Opens a segment for us to write, and makes it when it is not there.</summary>
    /// <param name="id">The segment.</param>
    /// <param name="path">Its path below the log's root, as sealed.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken);
}

/// <summary>A segment in a sink.</summary>
public interface ISinkSegment : IAsyncDisposable
{
    /// <summary>Bytes it has: lines that need not be sent again.</summary>
    long Length { get; }

    /// <summary>Whether it has its end line.</summary>
    bool IsSealed { get; }

    /// <summary>Of a sealed one: the sequence of its last record.</summary>
    long Last { get; }

    /// <summary>Whether it takes few more appends: the log ends the segment, and what is left of it comes in full blocks.</summary>
    bool IsNearlyFull { get; }

    /// <summary>
    /// Appends whole lines at <paramref name="offset"/>, which is <see cref="Length"/>. When it returns they are kept, once. After an exception nobody knows;
    /// the caller opens the segment again and reads its length.
    /// </summary>
    /// <exception cref="SinkFencedException">Somebody else has sealed it.</exception>
    Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken);

    /// <summary>Appends the end line and makes the segment final.</summary>
    Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken);
}
