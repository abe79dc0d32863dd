namespace ControlZero.Engine.Matching;

/// <summary>The forms of a request's action in memory the caller provides: <see cref="ActionName.RequestForms"/> without an allocation.</summary>
internal readonly ref struct ActionForms
{
    /// <summary>Reads an action. The buffer holds at least <see cref="BufferLength"/> characters, and lives as long as the forms.</summary>
    public ActionForms(string action, Span<char> buffer)
    {
        if (action.Contains(':', StringComparison.Ordinal))
        {
            First = action;
            return;
        }

        action.CopyTo(buffer);
        ":*".CopyTo(buffer[action.Length..]);
        First = buffer[..(action.Length + 2)];
        var dot = action.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            var second = buffer.Slice(action.Length + 2, action.Length);
            action.CopyTo(second);
            second[dot] = ':';
            Second = second;
        }
    }

    /// <summary>The first form.</summary>
    public ReadOnlySpan<char> First { get; }

    /// <summary>The second form. Empty: there is none.</summary>
    public ReadOnlySpan<char> Second { get; }

    /// <summary>How large a buffer the forms of an action may need. Unit: characters.</summary>
    public static int BufferLength(string action) => (action.Length * 2) + 2;
}
