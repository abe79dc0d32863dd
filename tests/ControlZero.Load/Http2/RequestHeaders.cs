using System.Net;
using System.Text;

namespace ControlZero.Load.Http2;

/// <summary>
/// The header block of a call, encoded once (RFC 7541): in full for the first call of a connection, which puts every field into the
/// peer's table, and as a few indexes for all others. Clients that keep a table of headers do the same.
/// </summary>
internal sealed class RequestHeaders
{
    // Index of the newest entry of the peer's dynamic table, RFC 7541 section 2.3.3.
    private const int FirstDynamicIndex = 62;

    /// <summary>Encodes the headers of a gRPC method.</summary>
    /// <param name="server">The server, as it is called in <c>:authority</c>.</param>
    /// <param name="path">Path of the method: <c>/package.Service/Method</c>.</param>
    /// <param name="key">API key, or null: the method takes none.</param>
    public RequestHeaders(IPEndPoint server, string path, string? key)
    {
        // The numbers are those of the static table, RFC 7541 appendix A; 0: a name of our own.
        var fields = new List<(int NameIndex, string Name, string Value)>
        {
            (4, ":path", path),
            (1, ":authority", server.ToString()),
            (31, "content-type", "application/grpc"),
            (0, "te", "trailers"),
        };
        if (key is not null)
        {
            fields.Add((23, "authorization", $"Bearer {key}"));
        }

        byte[] fixedFields = [0x83, 0x86]; // :method POST, :scheme http
        var first = new List<byte>(fixedFields);
        var next = new List<byte>(fixedFields);
        for (var i = 0; i < fields.Count; i++)
        {
            AddIndexed(first, fields[i].NameIndex, fields[i].Name, fields[i].Value);
            next.Add((byte)(0x80 | (FirstDynamicIndex + fields.Count - 1 - i)));
        }

        First = [.. first];
        Next = [.. next];
    }

    /// <summary>The block of a connection's first call.</summary>
    public byte[] First { get; }

    /// <summary>The block of all later ones.</summary>
    public byte[] Next { get; }

    // Literal with incremental indexing, RFC 7541 section 6.2.1.
    private static void AddIndexed(List<byte> block, int nameIndex, string name, string value)
    {
        block.Add((byte)(0x40 | nameIndex));
        if (nameIndex == 0)
        {
            AddText(block, name);
        }

        AddText(block, value);
    }

    private static void AddText(List<byte> block, string text)
    {
        if (text.Length >= 127)
        {
            throw new ArgumentException($"header value of {text.Length} characters; the encoder stops at 126", nameof(text));
        }

        block.Add((byte)text.Length);
        block.AddRange(Encoding.ASCII.GetBytes(text));
    }
}
