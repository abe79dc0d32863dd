namespace ControlZero.Client.AI;

/// <summary>What is asked, and about what. Read once, when the pipeline is built.</summary>
public sealed class ControlZeroAIOptions
{
    /// <summary>The agent that acts. Default: the one of <see cref="ControlZeroClientOptions.AgentId"/>, else the one the key is bound to.</summary>
    public string? AgentId { get; set; }

    /// <summary>The action of a chat request. Default: <c>llm.generate</c>.</summary>
    public string GenerateAction { get; set; } = "llm.generate";

    /// <summary>The action of an embedding request. Default: <c>embedding.generate</c>.</summary>
    public string EmbedAction { get; set; } = "embedding.generate";

    /// <summary>What stands before the model's name in a resource. Default: <c>model/</c>.</summary>
    public string ModelPrefix { get; set; } = "model/";

    /// <summary>The action of a function call. Default: <c>tool.call</c>.</summary>
    public string FunctionAction { get; set; } = "tool.call";

    /// <summary>What stands before the function's name in a resource. Default: <c>tool/</c>.</summary>
    public string FunctionPrefix { get; set; } = "tool/";

    /// <summary>
    /// Whether <see cref="ControlZeroChatClient"/> asks for every function the model wants called, before the call reaches anything that could run it.
    /// Default: true. Functions that ask for themselves (<see cref="ControlZeroFunction"/>) are not asked for twice.
    /// </summary>
    public bool GovernFunctionCalls { get; set; } = true;

    /// <summary>What a denied <see cref="ControlZeroFunction"/> does. Default: <see cref="DeniedFunction.Throw"/>.</summary>
    public DeniedFunction DeniedFunction { get; set; }

    /// <summary>Facts for the conditions of the policies, sent with every question; see <see cref="EnforceQuery.Context"/>. Default: none.</summary>
    public IReadOnlyDictionary<string, object?>? Context { get; set; }

    /// <summary>
    /// Whether a raw request (<c>RawRepresentationFactory</c>) whose models cannot be read is sent all the same; it may then name a model nobody asked about.
    /// Default: false, it is refused.
    /// </summary>
    public bool AllowUnreadableRawRequests { get; set; }

    /// <summary>
    /// Whether a question about a model says what the request will use at most: a token for every three bytes, and
    /// <c>MaxOutputTokens</c> where the request sets it. Default: true. With false, a limit that needs an estimate uses its own.
    /// </summary>
    public bool SendEstimates { get; set; } = true;

    /// <summary>Told when a call that is over could not be settled or cancelled: it stays charged as it was reserved. Default: a warning of <see cref="System.Diagnostics.Trace"/>.</summary>
    public Action<Exception>? OnSettleError { get; set; }

    /// <summary>What <see cref="ControlZeroPipelinePolicy"/> does with requests that it does not govern. Default: <see cref="UngovernedRequests.Pass"/>.</summary>
    public UngovernedRequests UngovernedRequests { get; set; }

    /// <summary>
    /// The largest request body <see cref="ControlZeroPipelinePolicy"/> reads, in bytes; a larger one is refused. Default: 33,554,432 (32 MiB).
    /// From 1,024 to 1,073,741,824.
    /// </summary>
    public int MaxBodyBytes { get; set; } = 32 << 20;
}
