using System.Text;
using Azure.Data.Tables;

namespace ControlZero.Storage.Azure;

/// <summary>
/// The columns of an entity, as the official provider writes them: <c>Data, Data1 … Data14</c> of up to 64 KiB each, or with the string
/// format <c>StringData … StringData14</c> of up to 32 Ki characters each. A cleared record has none of them. The column <c>CzW</c> is
/// ours, and the official provider passes over it.
/// </summary>
internal static class TableRecordLayout
{
    /// <summary>Column of the writer's nonce.</summary>
    public const string NonceColumn = "CzW";

    private const string BinaryColumn = "Data";
    private const string StringColumn = "StringData";
    private const int MostChunks = 15;
    private const int BinaryChunkBytes = 64 * 1024;
    private const int StringChunkCharacters = 32 * 1024;

    public static TableEntity Write(TableEntity entity, BinaryData? payload, string nonce, bool useStringFormat)
    {
        entity[NonceColumn] = nonce;
        if (payload is null)
        {
            return entity;
        }

        var (column, chunks) = useStringFormat
            ? (StringColumn, SplitText(Encoding.UTF8.GetString(payload)))
            : (BinaryColumn, payload.ToArray().Chunk(BinaryChunkBytes).ToList<object>());
        if (chunks.Count > MostChunks)
        {
            throw new ArgumentException(
                $"a state of {payload.ToMemory().Length} bytes does not fit into an Azure table entity of {MostChunks} × 64 KiB; store it as a blob");
        }

        for (var number = 0; number < chunks.Count; number++)
        {
            entity[Column(column, number)] = chunks[number];
        }

        return entity;
    }

    public static AzureRecord Read(TableEntity entity) =>
        new(entity.ETag.ToString(), entity.TryGetValue(NonceColumn, out var nonce) ? nonce as string : null, ReadPayload(entity));

    private static BinaryData? ReadPayload(TableEntity entity)
    {
        var bytes = Chunks<byte[]>(entity, BinaryColumn).SelectMany(chunk => chunk).ToArray();
        if (bytes.Length == 0)
        {
            bytes = Encoding.UTF8.GetBytes(string.Concat(Chunks<string>(entity, StringColumn)));
        }

        return bytes.Length == 0 ? null : BinaryData.FromBytes(bytes);
    }

    private static IEnumerable<T> Chunks<T>(TableEntity entity, string column) => Enumerable.Range(0, MostChunks)
        .Select(number => entity.TryGetValue(Column(column, number), out var value) ? value : null)
        .OfType<T>();

    // A pair of surrogates stays together: a half of it is no text, and would not come back.
    private static List<object> SplitText(string text)
    {
        var chunks = new List<object>();
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(StringChunkCharacters, text.Length - at);
            length -= at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]) ? 1 : 0;
            chunks.Add(text.Substring(at, length));
            at += length;
        }

        return chunks;
    }

    private static string Column(string name, int number) => number == 0 ? name : $"{name}{number}";
}
