using System.Runtime.InteropServices;

namespace ControlZero.Audit.Log;

/// <summary>
/// Entries that will be committed together and answered by one task. Filled under the log's lock; each entry stands in one buffer as its line's
/// content without the sequence, which only the writer knows.
/// </summary>
internal sealed class EntryBatch
{
    // Kept from one use to the next: a full batch is a little over 4 MiB, and the buffer doubles. What is larger goes back to the collector.
    private const int KeptBytes = 8 << 20;
    private const int FirstBytes = 64 << 10;

    private readonly List<int> _lengths = [];
    private byte[] _contents = new byte[FirstBytes];
    private TaskCompletionSource<AuditAppend>? _completion;

    /// <summary>Entries in it.</summary>
    public int Count => _lengths.Count;

    /// <summary>Bytes of their contents.</summary>
    public int Bytes { get; private set; }

    /// <summary>Length of each content, in order.</summary>
    public ReadOnlySpan<int> Lengths => CollectionsMarshal.AsSpan(_lengths);

    /// <summary>All contents, one after the other.</summary>
    public ReadOnlySpan<byte> Contents => _contents.AsSpan(0, Bytes);

    /// <summary>Sequence of the last record; set by the writer once committed.</summary>
    public long Last { get; set; }

    /// <summary>The answer all of them wait for. Continuations never run on the thread that completes it.</summary>
    public Task<AuditAppend> Completion => (_completion ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Add(in AuditEntry entry)
    {
        var tenant = entry.Tenant.Value;
        var length = EventPrefix.Length + SegmentLines.TimeLength + TenantPrefix.Length + tenant.Length + BodyPrefix.Length + entry.Body.Length;
        var to = Reserve(length);

        EventPrefix.CopyTo(to);
        SegmentLines.WriteTime(entry.Time, to[EventPrefix.Length..]);
        to = to[(EventPrefix.Length + SegmentLines.TimeLength)..];
        TenantPrefix.CopyTo(to);
        // A tenant's id is ASCII without anything that JSON escapes.
        System.Text.Encoding.ASCII.GetBytes(tenant, to[TenantPrefix.Length..]);
        to = to[(TenantPrefix.Length + tenant.Length)..];
        BodyPrefix.CopyTo(to);
        entry.Body.Span.CopyTo(to[BodyPrefix.Length..]);
    }

    public void Add(ReadOnlySpan<byte> content) => content.CopyTo(Reserve(content.Length));

    public void Answer(AuditAppend answer) => _completion?.TrySetResult(answer);

    /// <summary>Makes it ready for the next entries.</summary>
    public void Clear()
    {
        _lengths.Clear();
        Bytes = 0;
        _completion = null;
        if (_contents.Length > KeptBytes)
        {
            _contents = new byte[FirstBytes];
        }
    }

    private static ReadOnlySpan<byte> EventPrefix => "\"kind\":\"event\",\"time\":\""u8;

    private static ReadOnlySpan<byte> TenantPrefix => "\",\"tenant\":\""u8;

    private static ReadOnlySpan<byte> BodyPrefix => "\",\"event\":"u8;

    private Span<byte> Reserve(int length)
    {
        if (_contents.Length - Bytes < length)
        {
            Array.Resize(ref _contents, Math.Max(Bytes + length, _contents.Length * 2));
        }

        var reserved = _contents.AsSpan(Bytes, length);
        Bytes += length;
        _lengths.Add(length);
        return reserved;
    }
}
