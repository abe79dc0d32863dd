using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Sinks;

namespace ControlZero.Audit.Azure;

/// <summary>
/// Segments as append blobs, one each. Every block is appended on the condition that the blob is as long as we know it to be: that keeps a block from being in
/// twice, and a silo that was taken for dead from writing after the line with which another one sealed its segment.
/// </summary>
/// <param name="container">Made when it is missing. Its client should give up within seconds and not try again by itself: the sink reads back what became of a block.</param>
/// <param name="time">For time-outs.</param>
public sealed class AppendBlobSink(BlobContainerClient container, TimeProvider time) : IAuditSink
{
    // Azure's limit is 50,000 blocks a blob.
    private const int MostBlocks = 49_000;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    private bool _hasContainer;

    /// <inheritdoc/>
    public string Name => "azure";

    /// <summary>200 ms: from 1.3 MB/s on blocks have 256 KB and more, and an hour has at most 18,000 of them.</summary>
    public TimeSpan Linger => TimeSpan.FromMilliseconds(200);

    /// <summary>Blocks after which a segment is ended.</summary>
    internal int BlockLimit { get; init; } = MostBlocks;

    /// <inheritdoc/>
    public Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken) =>
        InTimeAsync(token => OpenAsync(path, token), cancellationToken);

    /// <summary>The last record's sequence when the line is an end line; null when it is another.</summary>
    internal static long? LastOf(ReadOnlySpan<byte> line) =>
        ChainedLine.TryParse(line, out var parsed) && EndLine.TryParse(parsed.Content, out var last) ? last : null;

    private async Task<ISinkSegment> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (!_hasContainer)
        {
            await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            _hasContainer = true;
        }

        var blob = container.GetAppendBlobClient(path);
        try
        {
            await blob.CreateAsync(
                new AppendBlobCreateOptions
                {
                    Conditions = new AppendBlobRequestConditions { IfNoneMatch = ETag.All },
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/x-ndjson" },
                },
                cancellationToken);
            return new Segment(this, blob, 0, 0, null);
        }
        catch (RequestFailedException exists) when (exists.Status is 409 or 412)
        {
            var properties = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            var end = await BlobTail.ReadLastLineAsync(blob, properties.ContentLength, cancellationToken);
            return new Segment(this, blob, properties.ContentLength, properties.BlobCommittedBlockCount, LastOf(end));
        }
    }

    private async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        return await work(either.Token);
    }

    private sealed class Segment(AppendBlobSink sink, AppendBlobClient blob, long length, int blocks, long? last) : ISinkSegment
    {
        private int _blocks = blocks;

        public long Length { get; private set; } = length;

        public bool IsSealed { get; private set; } = last is not null;

        public long Last => last ?? 0;

        public bool IsNearlyFull => _blocks >= sink.BlockLimit;

        public async Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
        {
            try
            {
                using var body = new MemoryStream(lines.ToArray(), writable: false);
                var options = new AppendBlobAppendBlockOptions { Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = offset } };
                await sink.InTimeAsync(token => blob.AppendBlockAsync(body, options, token), cancellationToken);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                // 412: not at this length any more. Anything else: nobody knows. Only the blob does.
                if (!await sink.InTimeAsync(token => IsInAsync(offset, lines, token), cancellationToken))
                {
                    throw failure is RequestFailedException ? failure : new IOException($"the block was not taken: {failure.Message}", failure);
                }
            }

            Length = offset + lines.Length;
            _blocks++;
        }

        public async Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken)
        {
            await AppendAsync(Length, end, cancellationToken);
            IsSealed = true;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        // False: not in, and the blob is as long as before or has only a part of these lines, sent by an attempt that came late. Either way to be opened again.
        private async Task<bool> IsInAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
        {
            var length = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ContentLength;
            if (length == offset)
            {
                return false;
            }

            var found = length < offset
                ? []
                : (await blob.DownloadContentAsync(new BlobDownloadOptions { Range = new HttpRange(offset, length - offset) }, cancellationToken)).Value.Content.ToArray();
            if (found.Length > 0 && lines.Span.StartsWith(found))
            {
                return found.Length == lines.Length;
            }

            throw new SinkFencedException(
                length < offset
                    ? $"blob `{blob.Name}` has {length} bytes, and {offset} were acknowledged: it was replaced"
                    : $"blob `{blob.Name}` was written by another silo from byte {offset} on");
        }
    }
}
