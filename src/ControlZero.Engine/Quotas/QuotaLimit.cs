using System.Collections.Immutable;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Quotas;

/// <summary>One limit of a policy, checked and with every default filled in. Immutable, and shared by all agents it applies to.</summary>
public sealed class QuotaLimit
{
    /// <summary>
    /// How long a call may be under way before its reservation ends at its charge, unless the limit says otherwise. Long enough for a model to
    /// think; until then a server that was killed keeps its calls' places.
    /// </summary>
    public static readonly TimeSpan DefaultHold = TimeSpan.FromMinutes(10);

    // Room for the forms of every action the front door lets pass. Unit: characters.
    private const int StackBufferLength = (Limits.ActionMaxBytes * 2) + 2;

    private readonly PatternSet? _actions;
    private readonly PatternSet? _resources;

    /// <summary>Makes a limit of checked parts.</summary>
    /// <param name="scope">Who shares it.</param>
    /// <param name="policy">Name of the policy that states it.</param>
    /// <param name="name">Its name in that policy.</param>
    /// <param name="metric">What it counts.</param>
    /// <param name="limit">See <see cref="Limit"/>.</param>
    /// <param name="window">How time is cut. Null exactly for <see cref="QuotaMetric.InFlight"/>.</param>
    /// <param name="actions">Patterns over actions. Empty: every action.</param>
    /// <param name="resources">Patterns over resources. Empty: every resource, and none.</param>
    /// <exception cref="ArgumentException">The parts were never checked: they do not make a limit.</exception>
    public QuotaLimit(
        QuotaScope scope,
        string policy,
        string name,
        QuotaMetric metric,
        long limit,
        QuotaWindow? window,
        ImmutableArray<string> actions = default,
        ImmutableArray<string> resources = default)
    {
        if (window is null != (metric == QuotaMetric.InFlight))
        {
            throw new ArgumentException($"the limit `{name}` counts {metric.ToWord()}: it {(window is null ? "needs a window" : "has no window")}", nameof(window));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, metric.MaxLimit());
        Key = new QuotaLimitKey(scope, policy, name, metric, window?.Key ?? "");
        Limit = limit;
        Window = window;
        Actions = actions.IsDefault ? [] : actions;
        Resources = resources.IsDefault ? [] : resources;
        Fingerprint = Quotas.Fingerprint.Of(Key.ToString());
        _actions = Compile(PatternSet.OfActions(Actions, ignoringAsciiCase: true), Actions);
        _resources = Compile(PatternSet.OfTexts(Resources.AsSpan(), ignoringAsciiCase: true), Resources);
    }

    /// <summary>Its identity.</summary>
    public QuotaLimitKey Key { get; }

    /// <summary>A number for its identity, the same on every server.</summary>
    public ulong Fingerprint { get; }

    /// <summary>Who shares it.</summary>
    public QuotaScope Scope => Key.Scope;

    /// <summary>What it counts.</summary>
    public QuotaMetric Metric => Key.Metric;

    /// <summary>The most units of a window, or calls at a time. Unit: see <see cref="QuotaMetrics.ToUnit"/>; 0 to <see cref="QuotaMetrics.MaxLimit"/>.</summary>
    public long Limit { get; }

    /// <summary>How time is cut. Null: it limits calls at a time, and has no window.</summary>
    public QuotaWindow? Window { get; }

    /// <summary>Patterns over actions, as written. Empty: every action.</summary>
    public ImmutableArray<string> Actions { get; }

    /// <summary>Patterns over resources, as written. Empty: every resource, and none.</summary>
    public ImmutableArray<string> Resources { get; }

    /// <summary>What a call without an estimate is charged. At least 1, in the limit's unit. Null: such a call is denied.</summary>
    public long? DefaultEstimate { get; init; }

    /// <summary>The price of models that the price table does not know. Null: they are denied.</summary>
    public ModelPrice? FallbackPrice { get; init; }

    /// <summary>How long a call under way counts before it is settled. Default: <see cref="DefaultHold"/>.</summary>
    public TimeSpan Hold { get; init; } = DefaultHold;

    /// <summary>
    /// True when the limit counts such a call. As with a deny, the case of ASCII letters does not matter; and a limit that names actions and
    /// resources counts those actions also when they name no resource: it cannot be dodged by leaving the resource out.
    /// </summary>
    /// <param name="action">The action, as the caller wrote it.</param>
    /// <param name="resource">The resource. Null and empty are the same: none.</param>
    public bool Applies(string action, string? resource)
    {
        ArgumentNullException.ThrowIfNull(action);
        if (_actions is null && _resources is null)
        {
            return true;
        }

        // What costs too much to tell is counted.
        var steps = Limits.DecisionMaxSteps;
        return (AppliesToAction(action, ref steps) && AppliesToResource(resource, ref steps)) || steps < 0;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {Limit}";

    private static PatternSet? Compile(PatternSet set, ImmutableArray<string> patterns) => patterns.IsEmpty || set.IsUniversal ? null : set;

    private bool AppliesToAction(string action, ref long steps)
    {
        if (_actions is null)
        {
            return true;
        }

        var length = ActionForms.BufferLength(action);
        var forms = new ActionForms(action, length <= StackBufferLength ? stackalloc char[length] : new char[length]);
        return _actions.Matches(in forms, ref steps);
    }

    private bool AppliesToResource(string? resource, ref long steps) =>
        _resources is null || (string.IsNullOrEmpty(resource) ? _actions is not null : _resources.Matches(resource, ref steps));
}
