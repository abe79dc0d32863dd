using System.Text;

namespace ControlZero.Load.Http2;

/// <summary>Tells a right answer from a wrong one by its bytes, for every call and not for a sample.</summary>
/// <param name="messageStart">How the bytes of a right message begin. Empty: any message is right.</param>
internal sealed class AnswerCheck(ReadOnlyMemory<byte> messageStart)
{
    // A byte that says "not compressed" and four of length.
    private const int PrefixLength = 5;

    // Trailers come as literals: name, length of the value, value.
    private static readonly byte[] StatusOk = [.. "grpc-status"u8, 1, (byte)'0'];

    /// <summary>True when the data hold the message that was expected.</summary>
    public bool IsRight(ReadOnlySpan<byte> data) =>
        data.Length >= PrefixLength && data[0] == 0 && data[PrefixLength..].StartsWith(messageStart.Span);

    /// <summary>What is wrong with a call that ended with these trailers, or null: nothing.</summary>
    public static string? Judge(ReadOnlySpan<byte> trailers, bool answered)
    {
        if (trailers.IndexOf(StatusOk) < 0)
        {
            return $"no gRPC status 0: {Encoding.Latin1.GetString(trailers)}";
        }

        return answered ? null : "gRPC status 0 with another message than expected";
    }
}
