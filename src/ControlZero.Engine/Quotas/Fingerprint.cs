namespace ControlZero.Engine.Quotas;

/// <summary>Numbers for texts, the same on every server: to tell texts of one owner apart, not to keep anybody from making two alike. FNV-1a.</summary>
public static class Fingerprint
{
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>The number of a text.</summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        var number = Basis;
        foreach (var unit in text)
        {
            number = unchecked((number ^ unit) * Prime);
        }

        return number;
    }
}
