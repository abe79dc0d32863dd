using ControlZero.Engine;
using Microsoft.Extensions.Options;

namespace ControlZero.Grains.Tenants;

/// <summary>How many tenants a cluster may have.</summary>
public sealed class TenancyOptions
{
    /// <summary>Where these options stand in a configuration.</summary>
    public const string SectionName = "Tenants";

    /// <summary>The highest figure that may be chosen. Unit: tenants.</summary>
    public const int Highest = 1_000_000;

    /// <summary>
    /// Most tenants of the cluster, the first one among them; creating another is refused with <c>TENANT_LIMIT</c>. Those that are there stay, should
    /// it be lowered. Unit: tenants, 1 to a million. Default: 10,000. All servers of a cluster must have the same: the one that makes a tenant holds it
    /// against its own.
    /// </summary>
    public int Max { get; set; } = Limits.ClusterMaxTenants;
}

/// <summary>Checks the options when the silo starts.</summary>
internal sealed class TenancyOptionsValidator : IValidateOptions<TenancyOptions>
{
    public ValidateOptionsResult Validate(string? name, TenancyOptions options) => options.Max is >= 1 and <= TenancyOptions.Highest
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(
            $"{TenancyOptions.SectionName}:{nameof(options.Max)} `{options.Max}` is out of range; choose 1 to {TenancyOptions.Highest}");
}
