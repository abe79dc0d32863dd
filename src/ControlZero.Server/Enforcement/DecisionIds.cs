namespace ControlZero.Server.Enforcement;

/// <summary>Where the ids of decisions are made.</summary>
internal static class DecisionIds
{
    /// <summary>An id that no other decision has: a ULID, which sorts by the time of its decision.</summary>
    public static string Next(TimeProvider clock) => Ulid.NewUlid(clock.GetUtcNow()).ToString();
}
