using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Matching;

namespace ControlZero.Server.Authentication;

/// <summary>Who calls, as the key says. Nothing a message holds can change it.</summary>
internal sealed class ClientIdentity
{
    public ClientIdentity(KeyRecord key)
    {
        Key = key;
        Binding = [.. key.Agents.Select(pattern => Glob.TryParse(pattern, out var glob, out _)
            ? glob!
            : throw new InvalidOperationException($"key `{key.Id}` is bound to `{pattern}`, which is no pattern"))];
        SoleAgent = Binding is [{ IsLiteral: true }] && AgentId.TryParse(key.Agents[0], out var agent) ? agent : null;
    }

    /// <summary>What is kept of the key.</summary>
    public KeyRecord Key { get; }

    /// <summary>The key's tenant: the only one the call can see.</summary>
    public TenantId Tenant => Key.Tenant;

    /// <summary>The agents the key may speak for, and whose records it may read. Empty: all of its tenant.</summary>
    public ImmutableArray<Glob> Binding { get; }

    /// <summary>True when the key may speak for every agent of its tenant.</summary>
    public bool SpeaksForEveryone => Binding.IsEmpty || Binding.Any(glob => glob.IsUniversal);

    /// <summary>The one agent the key is bound to, or null: it is bound to none, or not to exactly one.</summary>
    public AgentId? SoleAgent { get; }

    /// <summary>What the ids of all agents begin with that the key may speak for. Empty: nothing in particular.</summary>
    public string AgentPrefix => Binding.IsEmpty ? "" : Binding.Select(glob => glob.LiteralPrefix).Aggregate((one, other) =>
        one[..one.AsSpan().CommonPrefixLength(other)]);

    /// <summary>True when the key may be used for what the scope stands for.</summary>
    public bool Holds(string scope) => Scopes.Include(Key.Scopes, scope);

    /// <summary>True when the key may speak for the agent.</summary>
    public bool SpeaksFor(AgentId agent) => SpeaksFor(agent.Value);

    /// <summary>True when the key may speak for the agent of that name.</summary>
    public bool SpeaksFor(string agent) => Binding.IsEmpty || Binding.Any(glob => glob.IsMatch(agent));

    /// <summary>True when whatever agent the pattern matches is one the key may speak for.</summary>
    public bool SpeaksForAll(Glob pattern) => Binding.IsEmpty || Binding.Any(glob => glob.Covers(pattern));

    /// <summary>True when whoever the other key may speak for, this one may too: it may be shown and ended by this one.</summary>
    public bool Encloses(KeyRecord other)
    {
        if (other.Tenant != Tenant || SpeaksForEveryone)
        {
            return other.Tenant == Tenant;
        }

        var theirs = new ClientIdentity(other).Binding;
        return !theirs.IsEmpty && theirs.All(SpeaksForAll);
    }
}
