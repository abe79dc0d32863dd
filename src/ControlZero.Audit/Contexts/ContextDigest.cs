using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Context;

namespace ControlZero.Audit.Contexts;

/// <summary>
/// The digest of a context: <c>SHA256("controlzero-context/1\nTENANT\n" ‖ canonical JSON)</c>, 64 lower-case hex digits. Whoever has the context
/// can show that it was this one, without a key; the same context of two tenants has two digests. Canonical is what RFC 8785 says; not a number
/// and the infinities, which JSON lacks, are the texts <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c>.
/// </summary>
public static class ContextDigest
{
    /// <summary>The digest.</summary>
    public static string Of(TenantId tenant, ContextValue context)
    {
        ArgumentNullException.ThrowIfNull(context);

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"controlzero-context/1\n{tenant}\n{Canonical(context)}")));
    }

    /// <summary>The context as canonical JSON.</summary>
    public static string Canonical(ContextValue context)
    {
        ArgumentNullException.ThrowIfNull(context);

        var text = new StringBuilder();
        Append(text, context);
        return text.ToString();
    }

    private static void Append(StringBuilder text, ContextValue value)
    {
        switch (value.Kind)
        {
            case ContextKind.Boolean:
                text.Append(value.Boolean ? "true" : "false");
                break;
            case ContextKind.Number:
                AppendNumber(text, value.Number);
                break;
            case ContextKind.Text:
                AppendText(text, value.Text!);
                break;
            case ContextKind.List:
                text.Append('[');
                for (var index = 0; index < value.Items.Length; index++)
                {
                    text.Append(index == 0 ? "" : ",");
                    Append(text, value.Items[index]);
                }

                text.Append(']');
                break;
            case ContextKind.Object:
                var separator = "";
                text.Append('{');
                foreach (var field in value.Fields.OrderBy(field => field.Name, StringComparer.Ordinal))
                {
                    text.Append(separator);
                    AppendText(text, field.Name);
                    text.Append(':');
                    Append(text, field.Value);
                    separator = ",";
                }

                text.Append('}');
                break;
            default:
                text.Append("null");
                break;
        }
    }

    // As JavaScript prints a number: the fewest digits that read back the same, with an exponent from 10^21 up and below 10^-6.
    private static void AppendNumber(StringBuilder text, double number)
    {
        if (!double.IsFinite(number))
        {
            AppendText(text, double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
            return;
        }

        if (number == 0)
        {
            text.Append('0');
            return;
        }

        text.Append(number < 0 ? "-" : "");
        var shortest = Math.Abs(number).ToString("E16", CultureInfo.InvariantCulture);
        for (var precision = 0; precision < 16; precision++)
        {
            var candidate = Math.Abs(number).ToString($"E{precision}", CultureInfo.InvariantCulture);
            if (double.Parse(candidate, CultureInfo.InvariantCulture) == Math.Abs(number))
            {
                shortest = candidate;
                break;
            }
        }

        var split = shortest.IndexOf('E', StringComparison.Ordinal);
        var digits = shortest[..split].Replace(".", "", StringComparison.Ordinal).TrimEnd('0');
        AppendDigits(text, digits, int.Parse(shortest.AsSpan(split + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }

    private static void AppendDigits(StringBuilder text, string digits, int exponent)
    {
        if (exponent is >= 21 or < -6)
        {
            text.Append(digits[0]).Append(digits.Length > 1 ? "." : "").Append(digits, 1, digits.Length - 1);
            text.Append('e').Append(exponent > 0 ? "+" : "").Append(CultureInfo.InvariantCulture, $"{exponent}");
        }
        else if (exponent < 0)
        {
            text.Append("0.").Append('0', -exponent - 1).Append(digits);
        }
        else if (digits.Length <= exponent + 1)
        {
            text.Append(digits).Append('0', exponent + 1 - digits.Length);
        }
        else
        {
            text.Append(digits, 0, exponent + 1).Append('.').Append(digits, exponent + 1, digits.Length - exponent - 1);
        }
    }

    private static void AppendText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => text.Append(letter),
            };
        }

        text.Append('"');
    }
}
