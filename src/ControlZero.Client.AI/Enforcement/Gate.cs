using ControlZero.Client.AI.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>Asks the cluster on behalf of one pipeline. Every question returns when the agent may act, with the call that ends what was reserved.</summary>
internal sealed class Gate
{
    private readonly ControlZeroClient _client;

    public Gate(ControlZeroClient client, string? agentId, Action<ControlZeroAIOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        var options = new ControlZeroAIOptions();
        configure?.Invoke(options);
        options.AgentId = agentId ?? options.AgentId;
        Settings = GateSettings.From(options);
    }

    /// <summary>What the program chose, as it was when the pipeline was built.</summary>
    public GateSettings Settings { get; }

    /// <summary>The gate of a pipeline: it asks with the client given, else with the one of the services.</summary>
    public static Gate Of(ControlZeroClient? client, IServiceProvider services, string? agentId, Action<ControlZeroAIOptions>? configure)
    {
        var found = client ?? services.GetService<ControlZeroClient>() ?? throw new InvalidOperationException(
            "there is no client to ask with; register one with AddControlZeroClient and build the pipeline with the services, or give one as `client`");
        return new Gate(found, agentId, configure);
    }

    /// <summary>Returns when the agent may generate text with every one of these models.</summary>
    /// <param name="models">The models.</param>
    /// <param name="estimate">Makes the estimate, unless the program wants none.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <param name="requestId">The same for every attempt of one request. Null: it has one attempt.</param>
    public Task<ReservedCall> ReserveGenerateAsync(
        RequestedModels models, Func<EnforceEstimate> estimate, CancellationToken cancellationToken, string? requestId = null) =>
        ReserveAsync(Settings.GenerateAction, models, estimate, requestId, cancellationToken);

    /// <summary>Returns when the agent may make embeddings with every one of these models.</summary>
    /// <param name="models">The models.</param>
    /// <param name="estimate">Makes the estimate, unless the program wants none.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <param name="requestId">The same for every attempt of one request. Null: it has one attempt.</param>
    public Task<ReservedCall> ReserveEmbedAsync(
        RequestedModels models, Func<EnforceEstimate> estimate, CancellationToken cancellationToken, string? requestId = null) =>
        ReserveAsync(Settings.EmbedAction, models, estimate, requestId, cancellationToken);

    /// <summary>Returns when the agent may call this function.</summary>
    public Task<ReservedCall> ReserveFunctionAsync(string name, CancellationToken cancellationToken) =>
        ReserveAsync(Question(Settings.FunctionAction) with { Resource = Settings.FunctionPrefix + name }, cancellationToken);

    /// <summary>One question whatever the number of models, so that a request counts once: all are allowed, or it is denied.</summary>
    private Task<ReservedCall> ReserveAsync(
        string action, RequestedModels models, Func<EnforceEstimate> estimate, string? requestId, CancellationToken cancellationToken)
    {
        var question = Question(action) with { RequestId = requestId, Estimate = Settings.SendEstimates ? estimate() : null };
        string[] resources = [.. models.Names.Select(name => Settings.ModelPrefix + name)];
        return ReserveAsync(
            resources is [var only] ? question with { Resource = only } : question with { CandidateResources = resources }, cancellationToken);
    }

    private async Task<ReservedCall> ReserveAsync(EnforceQuery question, CancellationToken cancellationToken)
    {
        var decision = await _client.EnforceAsync(question, cancellationToken).ConfigureAwait(false);
        return new ReservedCall(_client, Settings, decision.Reservation);
    }

    private EnforceQuery Question(string action) => new() { Action = action, AgentId = Settings.AgentId, Context = Settings.Context };
}
