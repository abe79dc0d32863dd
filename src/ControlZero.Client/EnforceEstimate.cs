namespace ControlZero.Client;

/// <summary>
/// What a call is expected to use, before it is made: limits of tokens and money charge it and hold it until the call is settled. A figure
/// that is null is not known; a limit that needs it charges its own default estimate, or denies.
/// </summary>
public sealed record EnforceEstimate
{
    /// <summary>Tokens of the prompt, 0 to 10^12.</summary>
    public long? InputTokens { get; init; }

    /// <summary>The most tokens the answer may have, 0 to 10^12.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>Price of the call, in nano-USD (10^-9 USD), 0 to 10^12. Default: computed from the tokens and the cluster's price table.</summary>
    public long? CostNanosUsd { get; init; }
}
