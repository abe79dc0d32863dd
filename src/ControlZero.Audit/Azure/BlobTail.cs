using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace ControlZero.Audit.Azure;

internal static class BlobTail
{
    private const int FirstGuess = 4 << 10;

    /// <summary>The last whole line of a blob, without its line feed; empty when there is none.</summary>
    public static async Task<byte[]> ReadLastLineAsync(BlobBaseClient blob, long length, CancellationToken cancellationToken)
    {
        for (long guess = FirstGuess; length > 0; guess *= 8)
        {
            var from = Math.Max(0, length - guess);
            var content = await blob.DownloadContentAsync(new BlobDownloadOptions { Range = new HttpRange(from, length - from) }, cancellationToken);
            var tail = content.Value.Content.ToArray();
            var end = tail.AsSpan().LastIndexOf((byte)'\n');
            var begin = end > 0 ? tail.AsSpan(0, end).LastIndexOf((byte)'\n') + 1 : 0;
            if (begin > 0 || from == 0)
            {
                return end < 0 ? [] : tail[begin..end];
            }
        }

        return [];
    }
}
