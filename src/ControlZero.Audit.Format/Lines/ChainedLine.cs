using System.Buffers.Text;

namespace ControlZero.Audit.Format.Lines;

/// <summary>
/// One line of a segment, read without copying. Full: <c>{"hash":"H","prev":"P","salt":"S",CONTENT}</c>; reduced (body dropped, or another tenant's in
/// an export): <c>{"hash":"H","prev":"P","leaf":"L","seq":N}</c>. The layout is fixed to the byte, so that a line has one spelling.
/// </summary>
public readonly ref struct ChainedLine
{
    private const int HashAt = 9;
    private const int PreviousAt = HashAt + 64 + 10;
    private const int SaltAt = PreviousAt + 64 + 10;
    private const int LeafAt = SaltAt;
    private const int ReducedContentAt = LeafAt + 64 + 2;

    /// <summary>Where the content of a full line begins. Unit: bytes.</summary>
    public const int FullContentAt = SaltAt + 32 + 2;

    private ChainedLine(ChainHash hash, ChainHash previous, ChainHash leaf, ReadOnlySpan<byte> content, bool isReduced)
    {
        Hash = hash;
        Previous = previous;
        Leaf = leaf;
        Content = content;
        IsReduced = isReduced;
    }

    /// <summary>The line's own hash, as written; <see cref="IsIntact"/> says whether it is right.</summary>
    public ChainHash Hash { get; }

    /// <summary>The hash of the line before, as written.</summary>
    public ChainHash Previous { get; }

    /// <summary>Computed from salt and content; of a reduced line as written.</summary>
    public ChainHash Leaf { get; }

    /// <summary>What is said, between the salt and the last brace: members of a JSON object, without its braces.</summary>
    public ReadOnlySpan<byte> Content { get; }

    /// <summary>Whether only the leaf is left of it.</summary>
    public bool IsReduced { get; }

    /// <summary>Whether the written hash is the one of the written previous hash, salt and content.</summary>
    public bool IsIntact => Previous.Then(Leaf) == Hash;

    /// <summary>The sequence at the beginning of the content; 0 when there is none.</summary>
    public long Sequence => TryReadSequence(Content, out var sequence) ? sequence : 0;

    /// <summary>Bytes of a full line with its line feed.</summary>
    public static int FullLength(int contentLength) => FullContentAt + contentLength + 2;

    /// <summary>Reads a line without its line feed; false when it is not laid out as one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out ChainedLine parsed)
    {
        parsed = default;
        if (line.Length <= FullContentAt
            || line[^1] != '}'
            || !line.StartsWith("{\"hash\":\""u8)
            || !line[(HashAt + 64)..].StartsWith("\",\"prev\":\""u8)
            || !ChainHash.TryParse(line.Slice(HashAt, 64), out var hash)
            || !ChainHash.TryParse(line.Slice(PreviousAt, 64), out var previous))
        {
            return false;
        }

        var rest = line[(PreviousAt + 64)..];
        if (rest.StartsWith("\",\"salt\":\""u8))
        {
            return TryParseFull(line, hash, previous, out parsed);
        }

        if (!rest.StartsWith("\",\"leaf\":\""u8)
            || line.Length <= ReducedContentAt
            || !line[(LeafAt + 64)..].StartsWith("\","u8)
            || !ChainHash.TryParse(line.Slice(LeafAt, 64), out var leaf))
        {
            return false;
        }

        var content = line[ReducedContentAt..^1];
        parsed = new ChainedLine(hash, previous, leaf, content, isReduced: true);
        return TryReadSequence(content, out _) && content["\"seq\":"u8.Length..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
    }

    /// <summary>Writes a full line with its line feed and gives its hash. <paramref name="to"/> holds at least <see cref="FullLength"/> bytes.</summary>
    public static ChainHash Write(ChainHash previous, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> content, Span<byte> to)
    {
        content.CopyTo(to[FullContentAt..]);
        return Seal(previous, salt, content.Length, to);
    }

    /// <summary>As <see cref="Write"/>, for content that already stands at its place (<see cref="ContentOf"/>).</summary>
    public static ChainHash Seal(ChainHash previous, ReadOnlySpan<byte> salt, int contentLength, Span<byte> to)
    {
        // The salt's 16 bytes go where its last hex digits and `",` will be: right before the content, to be hashed with it in one go.
        var salted = to.Slice(FullContentAt - ChainHash.SaltLength, ChainHash.SaltLength + contentLength);
        salt.CopyTo(salted);
        var leaf = ChainHash.Of(salted);
        var hash = previous.Then(leaf);

        "{\"hash\":\""u8.CopyTo(to);
        Hex.Encode(hash, to.Slice(HashAt, 64));
        "\",\"prev\":\""u8.CopyTo(to[(HashAt + 64)..]);
        Hex.Encode(previous, to.Slice(PreviousAt, 64));
        "\",\"salt\":\""u8.CopyTo(to[(PreviousAt + 64)..]);
        Hex.Encode(salt, to.Slice(SaltAt, 32));
        "\","u8.CopyTo(to[(SaltAt + 32)..]);
        "}\n"u8.CopyTo(to[(FullContentAt + contentLength)..]);
        return hash;
    }

    /// <summary>Where the content of a line written to <paramref name="line"/> stands.</summary>
    public static Span<byte> ContentOf(Span<byte> line) => line[FullContentAt..];

    /// <summary>Writes the reduced form, with its line feed, of this line; gives its length. <paramref name="to"/> holds at least 256 bytes.</summary>
    public int WriteReduced(Span<byte> to)
    {
        "{\"hash\":\""u8.CopyTo(to);
        Hex.Encode(Hash, to.Slice(HashAt, 64));
        "\",\"prev\":\""u8.CopyTo(to[(HashAt + 64)..]);
        Hex.Encode(Previous, to.Slice(PreviousAt, 64));
        "\",\"leaf\":\""u8.CopyTo(to[(PreviousAt + 64)..]);
        Hex.Encode(Leaf, to.Slice(LeafAt, 64));
        "\",\"seq\":"u8.CopyTo(to[(LeafAt + 64)..]);
        var digitsAt = ReducedContentAt + "\"seq\":"u8.Length;
        Utf8Formatter.TryFormat(Sequence, to[digitsAt..], out var digits);
        "}\n"u8.CopyTo(to[(digitsAt + digits)..]);
        return digitsAt + digits + 2;
    }

    private static bool TryParseFull(ReadOnlySpan<byte> line, ChainHash hash, ChainHash previous, out ChainedLine parsed)
    {
        parsed = default;
        Span<byte> salt = stackalloc byte[ChainHash.SaltLength];
        if (!line[(SaltAt + 32)..].StartsWith("\","u8) || !Hex.TryDecode(line.Slice(SaltAt, 32), salt))
        {
            return false;
        }

        var content = line[FullContentAt..^1];
        parsed = new ChainedLine(hash, previous, LeafOf(salt, content), content, isReduced: false);
        return true;
    }

    private static ChainHash LeafOf(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> content)
    {
        const int OnStack = 2048;
        var length = salt.Length + content.Length;
        Span<byte> salted = length <= OnStack ? stackalloc byte[length] : new byte[length];
        salt.CopyTo(salted);
        content.CopyTo(salted[salt.Length..]);
        return ChainHash.Of(salted);
    }

    private static bool TryReadSequence(ReadOnlySpan<byte> content, out long sequence)
    {
        sequence = 0;
        return content.StartsWith("\"seq\":"u8)
            && Utf8Parser.TryParse(content["\"seq\":"u8.Length..], out sequence, out var digits)
            && content["\"seq\":"u8.Length] is >= (byte)'1' and <= (byte)'9'
            && digits > 0;
    }
}
