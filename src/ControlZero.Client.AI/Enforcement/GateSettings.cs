using System.Diagnostics;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>Validated options that nobody can change any more.</summary>
internal sealed record GateSettings
{
    private const int LeastBodyBytes = 1024;
    private const int MostBodyBytes = 1 << 30;

    public required string? AgentId { get; init; }

    public required string GenerateAction { get; init; }

    public required string EmbedAction { get; init; }

    public required string ModelPrefix { get; init; }

    public required string FunctionAction { get; init; }

    public required string FunctionPrefix { get; init; }

    public required bool GovernFunctionCalls { get; init; }

    public required DeniedFunction DeniedFunction { get; init; }

    public required IReadOnlyDictionary<string, object?>? Context { get; init; }

    public required bool AllowUnreadableRawRequests { get; init; }

    public required bool SendEstimates { get; init; }

    public required Action<Exception> OnSettleError { get; init; }

    public required UngovernedRequests UngovernedRequests { get; init; }

    public required int MaxBodyBytes { get; init; }

    /// <summary>Copies the options. Throws with every fault at once.</summary>
    public static GateSettings From(ControlZeroAIOptions options)
    {
        var faults = Faults(options).ToList();
        return faults.Count > 0
            ? throw new ArgumentException(string.Join("; ", faults))
            : new GateSettings
            {
                AgentId = string.IsNullOrEmpty(options.AgentId) ? null : options.AgentId,
                GenerateAction = options.GenerateAction,
                EmbedAction = options.EmbedAction,
                ModelPrefix = options.ModelPrefix,
                FunctionAction = options.FunctionAction,
                FunctionPrefix = options.FunctionPrefix,
                GovernFunctionCalls = options.GovernFunctionCalls,
                DeniedFunction = options.DeniedFunction,
                Context = options.Context?.ToDictionary(),
                AllowUnreadableRawRequests = options.AllowUnreadableRawRequests,
                SendEstimates = options.SendEstimates,
                OnSettleError = options.OnSettleError
                    ?? (error => Trace.TraceWarning($"a call could not be settled and stays charged as it was reserved: {error.Message}")),
                UngovernedRequests = options.UngovernedRequests,
                MaxBodyBytes = options.MaxBodyBytes,
            };
    }

    private static IEnumerable<string> Faults(ControlZeroAIOptions options)
    {
        (string Name, string? Value, string Example)[] texts =
        [
            (nameof(options.GenerateAction), options.GenerateAction, "llm.generate"),
            (nameof(options.EmbedAction), options.EmbedAction, "embedding.generate"),
            (nameof(options.ModelPrefix), options.ModelPrefix, "model/"),
            (nameof(options.FunctionAction), options.FunctionAction, "tool.call"),
            (nameof(options.FunctionPrefix), options.FunctionPrefix, "tool/"),
        ];
        foreach (var (name, value, example) in texts)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                yield return $"{name}: it is empty; leave it at `{example}` or name another";
            }
        }

        if (!Enum.IsDefined(options.DeniedFunction))
        {
            yield return $"DeniedFunction: `{options.DeniedFunction}` does not exist; take `Throw` or `TellModel`";
        }

        if (!Enum.IsDefined(options.UngovernedRequests))
        {
            yield return $"UngovernedRequests: `{options.UngovernedRequests}` does not exist; take `Pass` or `Refuse`";
        }

        if (options.MaxBodyBytes is < LeastBodyBytes or > MostBodyBytes)
        {
            yield return $"MaxBodyBytes: `{options.MaxBodyBytes}` is not between {LeastBodyBytes} and {MostBodyBytes} bytes";
        }
    }
}
