using System.Text.RegularExpressions;
using ControlZero.Audit.Format.Events;

namespace ControlZero.Audit.Redaction;

/// <summary>
/// Takes secrets and personal data out of texts. A text without any comes back as it is, the same instance. What is recognised is measured by
/// tests on a corpus; what is split over fields, encoded or spelled in other digits is not.
/// </summary>
public static class Redactor
{
    // Fewer digits than any number of a person or an account has.
    private const int FewestDigits = 7;

    // `a@b.cc`: nothing shorter is looked for.
    private const int Shortest = 6;

    private static readonly HarmlessTexts Harmless = new();
    private static readonly HarmlessTexts WithoutSecrets = new();

    /// <summary>The text without what must not be kept.</summary>
    /// <param name="text">The text.</param>
    /// <param name="found">The kinds of what was taken out are added.</param>
    public static string Redact(string text, ref RedactedKinds found)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length < Shortest || Harmless.Has(text, out var place))
        {
            return text;
        }

        var redacted = RedactData(RemoveSecrets(text, ref found), ref found);
        if (ReferenceEquals(redacted, text))
        {
            Harmless.Add(text, place);
        }

        return redacted;
    }

    /// <summary>The text without keys, tokens and passwords: for ids, in which digits and addresses are no person's.</summary>
    /// <param name="text">The text.</param>
    /// <param name="found">The kinds of what was taken out are added.</param>
    public static string RedactSecrets(string text, ref RedactedKinds found)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length < Shortest || WithoutSecrets.Has(text, out var place))
        {
            return text;
        }

        var redacted = RemoveSecrets(text, ref found);
        if (ReferenceEquals(redacted, text))
        {
            WithoutSecrets.Add(text, place);
        }

        return redacted;
    }

    /// <summary>True when a field of that name holds a secret, whatever its value looks like.</summary>
    public static bool NamesSecret(string field)
    {
        ArgumentNullException.ThrowIfNull(field);

        string[] names = ["password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key", "authorization", "credential", "private_key", "cookie"];
        return names.Any(name => field.Contains(name, StringComparison.OrdinalIgnoreCase));
    }

    // How much of a match, from its beginning, is what was looked for. 0: nothing.
    private delegate int Confirm(ReadOnlySpan<char> match);

    private static string RemoveSecrets(string text, ref RedactedKinds found) => text.AsSpan().ContainsAny(Patterns.SecretSigns)
        ? Replace(Patterns.Secrets(), text, RedactedKinds.Secret, static match => match.Length, ref found)
        : text;

    private static string RedactData(string text, ref RedactedKinds found)
    {
        var (digits, at) = Signs(text);
        if (at)
        {
            text = Replace(Patterns.Emails(), text, RedactedKinds.Email, static match => match.Length, ref found);
        }

        if (digits >= FewestDigits)
        {
            text = Replace(Patterns.Ibans(), text, RedactedKinds.Iban, Checksums.IbanAtTheBeginning, ref found);
            text = Replace(Patterns.Cards(), text, RedactedKinds.Pan, static match => Checksums.IsPaymentCard(match) ? match.Length : 0, ref found);
            text = Replace(Patterns.SocialSecurityNumbers(), text, RedactedKinds.Ssn, static match => match.Length, ref found);
            text = Replace(Patterns.Phones(), text, RedactedKinds.Phone, static match => Digits(match) is >= 8 and <= 15 ? match.Length : 0, ref found);
        }

        return text;
    }

    private static string Replace(Regex pattern, string text, RedactedKinds kind, Confirm confirm, ref RedactedKinds found)
    {
        var any = false;
        var redacted = pattern.Replace(text, match =>
        {
            var secret = match.Groups["s"] is { Success: true } group ? group : (Capture)match;
            var length = confirm(secret.ValueSpan);
            if (length == 0)
            {
                return match.Value;
            }

            any = true;
            var begin = secret.Index - match.Index;
            return string.Concat(match.ValueSpan[..begin], kind.Mark(), match.ValueSpan[(begin + length)..]);
        });
        found |= any ? kind : RedactedKinds.None;
        return redacted;
    }

    private static (int Digits, bool At) Signs(ReadOnlySpan<char> text) => (Digits(text), text.Contains('@'));

    private static int Digits(ReadOnlySpan<char> text)
    {
        var digits = 0;
        foreach (var letter in text)
        {
            digits += char.IsAsciiDigit(letter) ? 1 : 0;
        }

        return digits;
    }
}
