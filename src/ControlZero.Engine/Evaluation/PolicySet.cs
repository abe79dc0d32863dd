using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// The policies of a tenant that are in force together, and those in shadow beside them. Agents to whom the same policies apply share their <see cref="EffectiveRules"/>.
/// Safe for use by several threads.
/// </summary>
public sealed class PolicySet
{
    /// <summary>
    /// Subsets of the policies whose rules are shared. An agent beyond that gets rules of its own: the ids of agents come from callers, and must not
    /// fill the memory.
    /// </summary>
    public const int SubsetCapacity = 1024;

    private readonly ConcurrentDictionary<string, EffectiveRules> _byPolicies = new(StringComparer.Ordinal);
    private readonly CompiledPolicy[] _selective;
    private readonly Effect _defaultOnEmpty;
    private readonly int _indexFrom;

    private PolicySet(ImmutableArray<CompiledPolicy> policies, Effect defaultOnEmpty, int indexFrom)
    {
        Policies = policies;
        _selective = [.. policies.Where(policy => !policy.AppliesToAll)];
        _defaultOnEmpty = defaultOnEmpty;
        _indexFrom = indexFrom;
    }

    /// <summary>The enabled policies, those in shadow among them, in the order they are evaluated: by priority, lower first, then in the order they were given.</summary>
    public ImmutableArray<CompiledPolicy> Policies { get; }

    /// <summary>How many subsets of the policies have rules that are shared.</summary>
    internal int SubsetsKept => _byPolicies.Count;

    /// <summary>Makes a set. Disabled policies take no part in it.</summary>
    /// <param name="policies">The policies; among those of one priority, the first one given is evaluated first.</param>
    /// <param name="defaultOnEmpty">What happens to an agent to whom no policy applies: deny, warn or allow.</param>
    /// <exception cref="ArgumentOutOfRangeException">The default is no effect that a default can have.</exception>
    public static PolicySet Create(IEnumerable<CompiledPolicy> policies, Effect defaultOnEmpty) =>
        Create(policies, defaultOnEmpty, EffectiveRules.IndexFrom);

    /// <summary>Makes a set that indexes its rules from a given number of them.</summary>
    internal static PolicySet Create(IEnumerable<CompiledPolicy> policies, Effect defaultOnEmpty, int indexFrom)
    {
        ArgumentNullException.ThrowIfNull(policies);
        if (defaultOnEmpty is not (Effect.Allow or Effect.Deny or Effect.Warn))
        {
            throw new ArgumentOutOfRangeException(nameof(defaultOnEmpty), defaultOnEmpty, "the default of a tenant is allow, deny or warn");
        }

        var ordered = policies.Where(policy => policy.Document.Enabled).OrderBy(policy => policy.Document.Priority);
        return new PolicySet([.. ordered], defaultOnEmpty, indexFrom);
    }

    /// <summary>The rules that decide for an agent. Hold on to them: finding them looks at every policy that names agents.</summary>
    public EffectiveRules For(string agentId)
    {
        ArgumentNullException.ThrowIfNull(agentId);

        var applies = string.Create(_selective.Length, (_selective, agentId), static (flags, state) =>
        {
            for (var i = 0; i < flags.Length; i++)
            {
                flags[i] = state._selective[i].AppliesTo(state.agentId) ? '1' : '0';
            }
        });
        if (_byPolicies.TryGetValue(applies, out var shared))
        {
            return shared;
        }

        return _byPolicies.Count < SubsetCapacity
            ? _byPolicies.GetOrAdd(applies, static (flags, set) => set.Combine(flags), this)
            : Combine(applies);
    }

    private EffectiveRules Combine(string flags)
    {
        var selected = _selective.Where((_, i) => flags[i] == '1').ToHashSet();
        return EffectiveRules.Of([.. Policies.Where(policy => policy.AppliesToAll || selected.Contains(policy))], _defaultOnEmpty, _indexFrom);
    }
}
