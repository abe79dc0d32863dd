namespace ControlZero.Server.Enforcement;

/// <summary>Where the ids of decisions are made.</summary>
internal static class DecisionIds
{
    /// <summary>An id that no other decision has: a ULID, which sorts by the time its decision was asked for.</summary>
    public static string Next(DateTimeOffset asked) => Ulid.NewUlid(asked).ToString();
}
