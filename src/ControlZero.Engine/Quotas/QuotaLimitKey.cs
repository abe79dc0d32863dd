namespace ControlZero.Engine.Quotas;

/// <summary>
/// The identity of a limit: as long as a window lasts, what was used of it belongs to this and to nothing else. It survives that the policy
/// is published anew, deleted and made again; another metric or window under the same name is another limit.
/// </summary>
/// <param name="Scope">Who shares it.</param>
/// <param name="Policy">Name of the policy that states it.</param>
/// <param name="Name">Its name in that policy.</param>
/// <param name="Metric">What it counts.</param>
/// <param name="Window">See <see cref="QuotaWindow.Key"/>. Empty: it has no window, as with <see cref="QuotaMetric.InFlight"/>.</param>
public readonly record struct QuotaLimitKey(QuotaScope Scope, string Policy, string Name, QuotaMetric Metric, string Window)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Scope.ToWord()}/{Policy}/{Name}/{Metric.ToWord()}/{Window}";

    /// <summary>Equality as ever, with a hash of the name alone: limits of one account hardly ever share theirs, and hashing three texts costs as much as charging.</summary>
    internal sealed class ByName : IEqualityComparer<QuotaLimitKey>
    {
        public static readonly ByName Instance = new();

        public bool Equals(QuotaLimitKey one, QuotaLimitKey other) => one == other;

        public int GetHashCode(QuotaLimitKey key) => key.Name.GetHashCode(StringComparison.Ordinal);
    }
}
