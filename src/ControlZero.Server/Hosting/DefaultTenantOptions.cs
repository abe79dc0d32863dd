using ControlZero.Abstractions.Tenants;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>The tenant <c>default</c>, which the first start makes. Later starts change nothing of it.</summary>
internal sealed record DefaultTenantOptions
{
    /// <summary>The section: <c>DefaultTenant</c>.</summary>
    public const string SectionName = "DefaultTenant";

    /// <summary>
    /// What becomes of agents that were never registered: <c>deny</c>, nothing is stored; <c>allow</c>, they are registered on first use, up to
    /// 100,000. Default: deny.
    /// </summary>
    public UnknownAgents UnknownAgents { get; init; } = UnknownAgents.Deny;

    /// <summary>The settings the tenant is made with.</summary>
    public TenantSettings ToSettings() => new() { UnknownAgents = UnknownAgents };

    /// <summary>Reads the section.</summary>
    public static DefaultTenantOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new DefaultTenantOptions());
        return new() { UnknownAgents = section.OneOf(nameof(UnknownAgents), standard.UnknownAgents, UnknownAgents.Deny, UnknownAgents.Allow) };
    }
}
