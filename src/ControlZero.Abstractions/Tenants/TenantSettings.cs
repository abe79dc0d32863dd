using ControlZero.Engine;
using ControlZero.Engine.Policies;

namespace ControlZero.Abstractions.Tenants;

/// <summary>What a tenant decided once for all its policies and agents.</summary>
[GenerateSerializer, Immutable, Alias("cz.TenantSettings")]
public sealed record TenantSettings
{
    /// <summary>What becomes of an agent that was never registered. Default: <see cref="UnknownAgents.Deny"/>.</summary>
    [Id(0)]
    public UnknownAgents UnknownAgents { get; init; } = UnknownAgents.Deny;

    /// <summary>How many agents may be registered. Unit: agents. Default: 100,000.</summary>
    [Id(1)]
    public long MaxAgents { get; init; } = Limits.TenantDefaultMaxAgents;

    /// <summary>What no policy at all means: deny, warn or allow. Default: deny.</summary>
    [Id(2)]
    public Effect DefaultOnEmpty { get; init; } = Effect.Deny;

    /// <summary>True: a tenant for trials, whose keys begin with <c>cz_test_</c>. Default: false.</summary>
    [Id(3)]
    public bool Test { get; init; }

    /// <summary>
    /// True: a server that cannot confirm what is in force, because storage is away, decides by what it last knew; a suspension may then
    /// reach it late. False: it denies. Default: false.
    /// </summary>
    [Id(4)]
    public bool AllowStale { get; init; }
}

/// <summary>What becomes of an agent that was never registered.</summary>
public enum UnknownAgents
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>It is denied, and nothing about it is stored.</summary>
    Deny = 1,

    /// <summary>It is registered on first use, while the tenant has room.</summary>
    Allow = 2,
}
