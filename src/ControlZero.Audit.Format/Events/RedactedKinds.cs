namespace ControlZero.Audit.Format.Events;

/// <summary>Kinds of what must not be kept.</summary>
[Flags]
public enum RedactedKinds : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Keys, tokens, passwords.</summary>
    Secret = 1,

    /// <summary>Numbers of payment cards.</summary>
    Pan = 2,

    /// <summary>International bank account numbers.</summary>
    Iban = 4,

    /// <summary>E-mail addresses.</summary>
    Email = 8,

    /// <summary>Telephone numbers.</summary>
    Phone = 16,

    /// <summary>Social security numbers of the United States.</summary>
    Ssn = 32,
}

/// <summary>How they are spelled.</summary>
public static class RedactedKindWords
{
    private static readonly (RedactedKinds Kind, string Word)[] All =
    [
        (RedactedKinds.Secret, "secret"),
        (RedactedKinds.Pan, "pan"),
        (RedactedKinds.Iban, "iban"),
        (RedactedKinds.Email, "email"),
        (RedactedKinds.Phone, "phone"),
        (RedactedKinds.Ssn, "ssn"),
    ];

    /// <summary>The words of the kinds, in a fixed order.</summary>
    public static IEnumerable<string> ToWords(this RedactedKinds kinds) => All.Where(each => kinds.HasFlag(each.Kind)).Select(each => each.Word);

    /// <summary>What stands where something of that kind was.</summary>
    public static string Mark(this RedactedKinds kind) => $"[REDACTED:{All.First(each => each.Kind == kind).Word}]";

    /// <summary>The kind of a word. <see cref="RedactedKinds.None"/>: there is none of that name.</summary>
    public static RedactedKinds Parse(string word) => All.FirstOrDefault(each => each.Word == word).Kind;
}
