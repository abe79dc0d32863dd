using ControlZero.Client.AI.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>Asks the cluster on behalf of one pipeline.</summary>
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
    public Task EnforceGenerateAsync(RequestedModels models, string? requestId, CancellationToken cancellationToken) =>
        EnforceModelsAsync(Settings.GenerateAction, models, requestId, cancellationToken);

    /// <summary>Returns when the agent may make embeddings with every one of these models.</summary>
    public Task EnforceEmbedAsync(RequestedModels models, string? requestId, CancellationToken cancellationToken) =>
        EnforceModelsAsync(Settings.EmbedAction, models, requestId, cancellationToken);

    /// <summary>Returns when the agent may call this function.</summary>
    public Task EnforceFunctionAsync(string name, CancellationToken cancellationToken) =>
        EnforceAsync(Settings.FunctionAction, Settings.FunctionPrefix + name, null, cancellationToken);

    /// <summary>One question a model, in order; the first deny ends it. The whole list in one decision needs the cluster's `candidate_resources`.</summary>
    private async Task EnforceModelsAsync(string action, RequestedModels models, string? requestId, CancellationToken cancellationToken)
    {
        for (var i = 0; i < models.Names.Count; i++)
        {
            var id = requestId is null ? null : $"{requestId}:{i}";
            await EnforceAsync(action, Settings.ModelPrefix + models.Names[i], id, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<EnforceDecision> EnforceAsync(string action, string resource, string? requestId, CancellationToken cancellationToken) =>
        _client.EnforceAsync(
            new EnforceQuery { Action = action, Resource = resource, AgentId = Settings.AgentId, Context = Settings.Context, RequestId = requestId },
            cancellationToken);
}
