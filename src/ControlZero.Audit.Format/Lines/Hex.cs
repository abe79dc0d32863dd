using System.Buffers;

namespace ControlZero.Audit.Format.Lines;

/// <summary>Lower-case hex in UTF-8. Upper case is refused: a line has one spelling, or a changed letter would go unseen.</summary>
internal static class Hex
{
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789abcdef"u8);

    public static bool TryDecode(ReadOnlySpan<byte> hex, Span<byte> to) =>
        hex.Length == 2 * to.Length
        && !hex.ContainsAnyExcept(Digits)
        && Convert.FromHexString(hex, to, out _, out _) == OperationStatus.Done;

    public static void Encode(ReadOnlySpan<byte> bytes, Span<byte> to) => Convert.TryToHexStringLower(bytes, to, out _);

    public static void Encode(ChainHash hash, Span<byte> to)
    {
        Span<byte> bytes = stackalloc byte[ChainHash.Length];
        hash.CopyTo(bytes);
        Encode(bytes, to);
    }
}
