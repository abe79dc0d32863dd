using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ControlZero.Client.Configuration;

/// <summary>The options of a host: its configuration section, when it has a configuration, before what the program sets in code.</summary>
/// <param name="configuration">The host's configuration. Null: it has none.</param>
internal sealed class OptionsSetup(IConfiguration? configuration) : IConfigureOptions<ControlZeroClientOptions>, IValidateOptions<ControlZeroClientOptions>
{
    /// <inheritdoc/>
    public void Configure(ControlZeroClientOptions options) => configuration?.GetSection(ControlZeroClientOptions.SectionName).Bind(options);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ControlZeroClientOptions options)
    {
        var faults = OptionsRules.Faults(EnvironmentDefaults.OfProcess.Fill(options)).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
