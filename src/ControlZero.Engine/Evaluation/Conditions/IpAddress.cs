using System.Globalization;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>An IP address as a number. An IPv4-mapped IPv6 address is the IPv4 address.</summary>
/// <param name="Bits">Its 32 or 128 bits.</param>
/// <param name="IsV4">Whether it is IPv4.</param>
/// <remarks>The framework's parser allocates, and reads spellings (<c>10.1</c>, <c>010.0.0.1</c>, zone ids) that others read differently.</remarks>
internal readonly record struct IpAddress(UInt128 Bits, bool IsV4)
{
    private const int Groups = 8;

    /// <summary>Reads four decimal parts without leading zeros, or IPv6 without a zone id. Nothing else, and no white space.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        if (!text.Contains(':'))
        {
            var isV4 = TryParseV4(text, out var v4);
            address = new IpAddress(v4, IsV4: true);
            return isV4;
        }

        var isV6 = TryParseV6(text, out var bits);
        var mapped = bits >> 32 == 0xffff;
        address = mapped ? new IpAddress((uint)(bits & uint.MaxValue), IsV4: true) : new IpAddress(bits, IsV4: false);
        return isV6;
    }

    private static bool TryParseV4(ReadOnlySpan<char> text, out uint bits)
    {
        bits = 0;
        var parts = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (++parts > 4
                || (part.Length > 1 && part[0] == '0')
                || !byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            bits = (bits << 8) | value;
        }

        return parts == 4;
    }

    private static bool TryParseV6(ReadOnlySpan<char> text, out UInt128 bits)
    {
        var gap = text.IndexOf("::");
        if (gap < 0)
        {
            return TryParseGroups(text, out bits, out var count) && count == Groups;
        }

        if (TryParseGroups(text[..gap], out var head, out var before)
            && TryParseGroups(text[(gap + 2)..], out var tail, out var behind)
            && before + behind < Groups
            && !text[..gap].Contains('.'))
        {
            bits = (before == 0 ? UInt128.Zero : head << ((Groups - before) * 16)) | tail;
            return true;
        }

        bits = default;
        return false;
    }

    /// <summary>Reads groups between single colons; the last may be an IPv4 address, which counts as two. Empty text is no group.</summary>
    private static bool TryParseGroups(ReadOnlySpan<char> text, out UInt128 bits, out int count)
    {
        bits = default;
        count = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        foreach (var range in text.Split(':'))
        {
            var group = text[range];
            if (range.End.Value == text.Length && group.Contains('.'))
            {
                count += 2;
                var isV4 = TryParseV4(group, out var v4);
                bits = (bits << 32) | v4;
                return isV4 && count <= Groups;
            }

            if (++count > Groups || group.Length > 4 || !ushort.TryParse(group, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                return false;
            }

            bits = (bits << 16) | value;
        }

        return true;
    }
}
