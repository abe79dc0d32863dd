namespace ControlZero.Client.Configuration;

/// <summary>Fills in what the options leave open: from the environment, else with the default. The one place that reads the environment.</summary>
/// <param name="read">Reads a variable; null: it is not set.</param>
internal sealed class EnvironmentDefaults(Func<string, string?> read)
{
    public const string UrlVariable = "CONTROLZERO_URL";
    public const string ApiKeyVariable = "CONTROLZERO_API_KEY";
    public const string AgentIdVariable = "CONTROLZERO_AGENT_ID";
    public const string DefaultUrl = "http://127.0.0.1:5050";

#pragma warning disable RS0030 // A client is configured by the environment of the program it is part of; nothing else of the library reads it.
    public static EnvironmentDefaults OfProcess { get; } = new(Environment.GetEnvironmentVariable);
#pragma warning restore RS0030

    /// <summary>A copy of the options with the gaps filled in. A text of white space only is a gap in the environment, but not in the options.</summary>
    public ControlZeroClientOptions Fill(ControlZeroClientOptions options)
    {
        var filled = new ControlZeroClientOptions
        {
            Url = options.Url ?? Read(UrlVariable) ?? DefaultUrl,
            ApiKey = options.ApiKey ?? Read(ApiKeyVariable),
            AgentId = options.AgentId ?? Read(AgentIdVariable),
            Timeout = options.Timeout,
            MaxAttempts = options.MaxAttempts,
            OnUnavailable = options.OnUnavailable,
        };
        filled.Obligations.UnionWith(options.Obligations);
        TlsDefaults.Fill(filled, options, Read);
        return filled;
    }

    private string? Read(string variable) => read(variable) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
}
