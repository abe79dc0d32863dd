using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Context;

namespace ControlZero.Grains.Quotas;

/// <summary>
/// What a request asks, as a number: the same request id with another number is another question. What does not belong to the question, the
/// oldest epoch that may decide it, is left out.
/// </summary>
internal static class RequestDigest
{
    // A context at its largest makes it some hundred kilobytes; what is larger than this is not kept.
    private const int KeptLength = 4096;

    // Written down and hashed at once: a hash that is fed piece by piece costs several times as much.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _kept;

    public static UInt128 Of(AuthorizeRequest request)
    {
        var written = _kept ??= new ArrayBufferWriter<byte>(KeptLength);
        written.ResetWrittenCount();
        Add(written, request.Action);
        Add(written, request.Resource);
        Add(written, request.Candidates.Length);
        foreach (var candidate in request.Candidates)
        {
            Add(written, candidate);
        }

        Add(written, request.Context);
        Add(written, request.Estimate?.InputTokens);
        Add(written, request.Estimate?.OutputTokens);
        Add(written, request.Estimate?.CostNanos);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(written.WrittenSpan, digest);
        if (written.Capacity > KeptLength)
        {
            _kept = null;
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    // Everything begins with its kind or length, so that no two questions are written alike.
    private static void Add(ArrayBufferWriter<byte> written, ContextValue? value)
    {
        Add(written, value is null ? -1 : (long)value.Kind);
        switch (value?.Kind)
        {
            case ContextKind.Boolean:
                Add(written, value.Boolean ? 1 : 0);
                break;
            case ContextKind.Number:
                Add(written, BitConverter.DoubleToInt64Bits(value.Number));
                break;
            case ContextKind.Text:
                Add(written, value.Text);
                break;
            case ContextKind.List:
                Add(written, value.Items.Length);
                foreach (var item in value.Items)
                {
                    Add(written, item);
                }

                break;
            case ContextKind.Object:
                // A message may hold the same map in another order.
                Add(written, value.Fields.Length);
                foreach (var field in value.Fields.OrderBy(field => field.Name, StringComparer.Ordinal))
                {
                    Add(written, field.Name);
                    Add(written, field.Value);
                }

                break;
        }
    }

    private static void Add(ArrayBufferWriter<byte> written, string? text)
    {
        Add(written, text is null ? -1 : text.Length);
        Encoding.UTF8.GetBytes(text, written);
    }

    private static void Add(ArrayBufferWriter<byte> written, long? number)
    {
        Add(written, number is null ? 0 : 1);
        Add(written, number ?? 0);
    }

    private static void Add(ArrayBufferWriter<byte> written, long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(written.GetSpan(sizeof(long)), number);
        written.Advance(sizeof(long));
    }
}
