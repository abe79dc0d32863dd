namespace ControlZero.Audit.Redaction;

/// <summary>Checksums that tell the number of an account from any other number.</summary>
internal static class Checksums
{
    // Length of an account number by country, where it is fixed: the registry of ISO 13616.
    private static readonly Dictionary<string, int> IbanLengths = new()
    {
        ["AD"] = 24, ["AE"] = 23, ["AL"] = 28, ["AT"] = 20, ["AZ"] = 28, ["BA"] = 20, ["BE"] = 16, ["BG"] = 22, ["BH"] = 22, ["BR"] = 29,
        ["CH"] = 21, ["CR"] = 22, ["CY"] = 28, ["CZ"] = 24, ["DE"] = 22, ["DK"] = 18, ["DO"] = 28, ["EE"] = 20, ["EG"] = 29, ["ES"] = 24,
        ["FI"] = 18, ["FO"] = 18, ["FR"] = 27, ["GB"] = 22, ["GE"] = 22, ["GI"] = 23, ["GL"] = 18, ["GR"] = 27, ["HR"] = 21, ["HU"] = 28,
        ["IE"] = 22, ["IL"] = 23, ["IS"] = 26, ["IT"] = 27, ["JO"] = 30, ["KW"] = 30, ["KZ"] = 20, ["LB"] = 28, ["LI"] = 21, ["LT"] = 20,
        ["LU"] = 20, ["LV"] = 21, ["MC"] = 27, ["MD"] = 24, ["ME"] = 22, ["MK"] = 19, ["MT"] = 31, ["NL"] = 18, ["NO"] = 15, ["PL"] = 28,
        ["PT"] = 25, ["QA"] = 29, ["RO"] = 24, ["RS"] = 22, ["SA"] = 24, ["SE"] = 24, ["SI"] = 19, ["SK"] = 24, ["SM"] = 27, ["TN"] = 24,
        ["TR"] = 26, ["UA"] = 29, ["VA"] = 22,
    };

    /// <summary>True when the digits are those of a payment card: 13 to 19 of them, a first digit that issuers use, Luhn's sum.</summary>
    public static bool IsPaymentCard(ReadOnlySpan<char> text)
    {
        var (sum, digits, first) = (0, 0, '0');
        for (var index = text.Length - 1; index >= 0; index--)
        {
            if (!char.IsAsciiDigit(text[index]))
            {
                continue;
            }

            first = text[index];
            var digit = first - '0';
            sum += digits % 2 == 0 ? digit : digit < 5 ? 2 * digit : (2 * digit) - 9;
            digits++;
        }

        return digits is >= 13 and <= 19 && first is >= '2' and <= '6' && sum % 10 == 0;
    }

    /// <summary>
    /// How much of the beginning is an account number: of a country that has them, as long as they are there, with the right check digits. 0: nothing.
    /// </summary>
    public static int IbanAtTheBeginning(ReadOnlySpan<char> text)
    {
        if (!IbanLengths.TryGetValue(new string(text[..2]).ToUpperInvariant(), out var wanted))
        {
            return 0;
        }

        Span<char> compact = stackalloc char[wanted];
        var (length, end) = (0, 0);
        for (; end < text.Length && length < wanted; end++)
        {
            if (text[end] is not (' ' or '-'))
            {
                compact[length++] = char.ToUpperInvariant(text[end]);
            }
        }

        return length == wanted && (end == text.Length || !char.IsAsciiLetterOrDigit(text[end])) && HasIbanSum(compact) ? end : 0;
    }

    private static bool HasIbanSum(ReadOnlySpan<char> compact)
    {
        var remainder = 0;
        for (var index = 0; index < compact.Length; index++)
        {
            var letter = compact[(index + 4) % compact.Length];
            remainder = char.IsAsciiDigit(letter) ? ((remainder * 10) + letter - '0') % 97 : ((remainder * 100) + letter - 'A' + 10) % 97;
        }

        return remainder == 1;
    }
}
