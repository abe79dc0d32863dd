using System.Text;

namespace ControlZero.Load.Http2;

/// <summary>Tells a right answer from a wrong one by its bytes, for every call and not for a sample.</summary>
/// <param name="start">How a right answer begins, its five bytes of prefix included. Empty: any answer is right.</param>
/// <param name="isLoose">Answers vary in length: it is enough that the bytes stand near their beginning.</param>
internal sealed class AnswerCheck(ReadOnlyMemory<byte> start, bool isLoose)
{
    // Decision and effect of the first decision stand before this in an answer of each kind.
    private const int Near = 64;

    // Trailers come as literals: name, length of the value, value.
    private static readonly byte[] StatusOk = [.. "grpc-status"u8, 1, (byte)'0'];

    /// <summary>True when the data begin the answer that was expected.</summary>
    public bool IsRight(ReadOnlySpan<byte> data) =>
        !data.IsEmpty && (isLoose ? data[..Math.Min(Near, data.Length)].IndexOf(start.Span) >= 0 : data.StartsWith(start.Span));

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
