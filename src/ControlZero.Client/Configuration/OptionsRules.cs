using Microsoft.Extensions.Options;

namespace ControlZero.Client.Configuration;

/// <summary>What valid options are. Every fault is reported, each with its remedy; the key is never repeated.</summary>
internal static class OptionsRules
{
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromMinutes(5);
    private const int MaxAttemptsLimit = 10;

    /// <summary>Throws <see cref="OptionsValidationException"/> with every fault of the filled-in options.</summary>
    public static void ThrowIfInvalid(ControlZeroClientOptions options)
    {
        var faults = Faults(options).ToList();
        if (faults.Count > 0)
        {
            throw new OptionsValidationException(ControlZeroClientOptions.SectionName, typeof(ControlZeroClientOptions), faults);
        }
    }

    /// <summary>Every fault of the filled-in options.</summary>
    public static IEnumerable<string> Faults(ControlZeroClientOptions options)
    {
        if (AddressList.Fault(options.Url) is { } urlFault)
        {
            yield return urlFault;
        }

        if (string.IsNullOrWhiteSpace(options.ApiKey))
        {
            yield return $"ApiKey: no key is given; set `{EnvironmentDefaults.ApiKeyVariable}` or the option ApiKey";
        }
        else if (options.ApiKey.Any(character => character is <= ' ' or > '~'))
        {
            yield return "ApiKey: the key holds white space or characters outside ASCII; copy it again without quotes or line breaks";
        }

        if (options.AgentId is not null && string.IsNullOrWhiteSpace(options.AgentId))
        {
            yield return "AgentId: the agent is an empty text; name an agent, or leave it out (null) to use the one the key is bound to";
        }

        if (options.Timeout < MinTimeout || options.Timeout > MaxTimeout)
        {
            yield return $"Timeout: `{options.Timeout}` is not between `{MinTimeout}` and `{MaxTimeout}`; take a time within, for example `00:00:02`";
        }

        if (options.MaxAttempts is < 1 or > MaxAttemptsLimit)
        {
            yield return $"MaxAttempts: `{options.MaxAttempts}` is not between 1 and {MaxAttemptsLimit}; take 1 to send each question once";
        }

        if (!Enum.IsDefined(options.OnUnavailable))
        {
            yield return $"OnUnavailable: `{options.OnUnavailable}` does not exist; take `Deny` or `Allow`";
        }

        if (options.Obligations.Any(string.IsNullOrWhiteSpace))
        {
            yield return "Obligations: one name is empty; remove it or name the obligation the program honours";
        }

        foreach (var fault in ClientTls.Faults(options))
        {
            yield return fault;
        }
    }
}
