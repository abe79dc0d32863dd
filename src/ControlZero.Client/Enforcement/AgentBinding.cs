using ControlZero.Client.Configuration;
using ControlZero.Client.Routing;
using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client.Enforcement;

/// <summary>Which agents the key is bound to. Asked once: a key's binding never changes.</summary>
internal sealed class AgentBinding(BoundedCalls calls, Endpoints endpoints)
{
    private volatile Caller? _caller;

    /// <summary>Asks the cluster who the key belongs to.</summary>
    public async Task<Caller> RefreshAsync(CallBudget budget)
    {
        var status = await calls.SendAsync(
            endpoints.InOrder(), (endpoint, options) => endpoint.Cluster.GetStatusAsync(new GetStatusRequest(), options), budget).ConfigureAwait(false);
        var caller = status.Caller ?? new Caller();
        _caller = caller;
        return caller;
    }

    /// <summary>The one agent the key is bound to. Null: it is bound to none, to several or to a pattern.</summary>
    public async Task<string?> SoleAgentAsync(CallBudget budget)
    {
        var caller = _caller ?? await RefreshAsync(budget).ConfigureAwait(false);
        return caller.Agents is [var agent] && agent.AsSpan().IndexOfAny("*?[]") < 0 ? agent : null;
    }

    /// <summary>The error of a question for which there is no agent; it names every place to name one.</summary>
    public static ControlZeroException NoAgent()
    {
        const string Message =
            "no agent is named; name it in the call (AgentId of the query), in the options (AgentId), " +
            $"in the environment (`{EnvironmentDefaults.AgentIdVariable}`), or use a key that is bound to exactly one agent";
        return new ControlZeroException(StatusCode.InvalidArgument, "FIELD_REQUIRED", Message)
        {
            Violations = [new FieldViolation("agent_id", "FIELD_REQUIRED", Message)],
        };
    }
}
