using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Matching;

namespace ControlZero.Server.Authentication;

/// <summary>Who calls, as the key says. Nothing a message holds can change it.</summary>
internal sealed class ClientIdentity
{
    private readonly ImmutableArray<Glob> _binding;

    public ClientIdentity(KeyRecord key)
    {
        Key = key;
        _binding = [.. key.Agents.Select(pattern => Glob.TryParse(pattern, out var glob, out _)
            ? glob!
            : throw new InvalidOperationException($"key `{key.Id}` is bound to `{pattern}`, which is no pattern"))];
        SoleAgent = _binding is [{ IsLiteral: true }] && AgentId.TryParse(key.Agents[0], out var agent) ? agent : null;
    }

    /// <summary>What is kept of the key.</summary>
    public KeyRecord Key { get; }

    /// <summary>The key's tenant: the only one the call can see.</summary>
    public TenantId Tenant => Key.Tenant;

    /// <summary>The one agent the key is bound to, or null: it is bound to none, or not to exactly one.</summary>
    public AgentId? SoleAgent { get; }

    /// <summary>What the ids of all agents begin with that the key may speak for. Empty: nothing in particular.</summary>
    public string AgentPrefix => _binding.IsEmpty ? "" : _binding.Select(glob => glob.LiteralPrefix).Aggregate((one, other) =>
        one[..one.AsSpan().CommonPrefixLength(other)]);

    /// <summary>True when the key may be used for what the scope stands for.</summary>
    public bool Holds(string scope) => Scopes.Include(Key.Scopes, scope);

    /// <summary>True when the key may speak for the agent.</summary>
    public bool SpeaksFor(AgentId agent) => _binding.IsEmpty || _binding.Any(glob => glob.IsMatch(agent.Value));

    /// <summary>True when whatever agent the pattern matches is one the key may speak for.</summary>
    public bool SpeaksForAll(Glob pattern) => _binding.IsEmpty || _binding.Any(glob => glob.Covers(pattern));
}
