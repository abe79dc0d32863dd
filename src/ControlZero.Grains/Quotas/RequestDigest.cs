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
    public static UInt128 Of(AuthorizeRequest request)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, request.Action);
        Add(hash, request.Resource);
        Add(hash, request.Candidates.Length);
        foreach (var candidate in request.Candidates)
        {
            Add(hash, candidate);
        }

        Add(hash, request.Context);
        Add(hash, request.Estimate?.InputTokens);
        Add(hash, request.Estimate?.OutputTokens);
        Add(hash, request.Estimate?.CostNanos);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    // Everything begins with its kind or length, so that no two questions are written alike.
    private static void Add(IncrementalHash hash, ContextValue? value)
    {
        Add(hash, value is null ? -1 : (long)value.Kind);
        switch (value?.Kind)
        {
            case ContextKind.Boolean:
                Add(hash, value.Boolean ? 1 : 0);
                break;
            case ContextKind.Number:
                Add(hash, BitConverter.DoubleToInt64Bits(value.Number));
                break;
            case ContextKind.Text:
                Add(hash, value.Text);
                break;
            case ContextKind.List:
                Add(hash, value.Items.Length);
                foreach (var item in value.Items)
                {
                    Add(hash, item);
                }

                break;
            case ContextKind.Object:
                // A message may hold the same map in another order.
                Add(hash, value.Fields.Length);
                foreach (var field in value.Fields.OrderBy(field => field.Name, StringComparer.Ordinal))
                {
                    Add(hash, field.Name);
                    Add(hash, field.Value);
                }

                break;
        }
    }

    private static void Add(IncrementalHash hash, string? text)
    {
        Add(hash, text is null ? -1 : text.Length);
        hash.AppendData(Encoding.UTF8.GetBytes(text ?? ""));
    }

    private static void Add(IncrementalHash hash, long? number)
    {
        Add(hash, number is null ? 0 : 1);
        Add(hash, number ?? 0);
    }

    private static void Add(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
