using System.Collections.Immutable;
using System.Security.Cryptography;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Abstractions.Tenants;
using Orleans.Storage;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Asks an agent's grain to decide, again when the silo that held it is gone or the agent is on its way to another one: up to three times, within
/// the call's deadline. A decision may be asked for twice; at most it is counted twice, and with a request id of its caller's charged once.
/// </summary>
/// <param name="find">Finds an agent's grain.</param>
/// <param name="clock">Measures the pauses.</param>
internal sealed class GrainDecisions(Func<TenantId, AgentId, IAgentGrain> find, TimeProvider clock)
{
    /// <summary>So many times an agent's grain is asked before its caller is told that there was no answer.</summary>
    public const int Attempts = 3;

    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    // Callers that failed together shall not come back together.
    private const int SpreadMilliseconds = 150;

    /// <summary>Has one question decided.</summary>
    public ValueTask<Authorization> AuthorizeAsync(TenantId tenant, AgentId agent, AuthorizeRequest request, CancellationToken call) =>
        AskAsync(tenant, agent, request, static (grain, request) => grain.AuthorizeAsync(request), call);

    /// <summary>Has several questions about one agent decided.</summary>
    public ValueTask<ImmutableArray<Authorization>> AuthorizeManyAsync(
        TenantId tenant,
        AgentId agent,
        ImmutableArray<AuthorizeRequest> requests,
        CancellationToken call) => AskAsync(tenant, agent, requests, static (grain, requests) => grain.AuthorizeManyAsync(requests), call);

    /// <summary>Has a reservation settled. Told twice, it counts once.</summary>
    public ValueTask<SettleOutcome> SettleAsync(TenantId tenant, AgentId agent, SettleCommand command, CancellationToken call) =>
        AskAsync(tenant, agent, command, static (grain, command) => new ValueTask<SettleOutcome>(grain.SettleAsync(command)), call);

    /// <summary>Has a reservation given back. Told twice, it counts once.</summary>
    public ValueTask<SettleOutcome> CancelAsync(TenantId tenant, AgentId agent, string token, CancellationToken call) =>
        AskAsync(tenant, agent, token, static (grain, token) => new ValueTask<SettleOutcome>(grain.CancelAsync(token)), call);

    private async ValueTask<TAnswer> AskAsync<TQuestion, TAnswer>(
        TenantId tenant,
        AgentId agent,
        TQuestion question,
        Func<IAgentGrain, TQuestion, ValueTask<TAnswer>> ask,
        CancellationToken call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ask(find(tenant, agent), question);
            }
            catch (Exception failure) when (MayAskAgain(failure, attempt, call))
            {
                await PauseAsync(call);
            }
        }
    }

    private static bool MayAskAgain(Exception failure, int attempt, CancellationToken call) =>
        attempt < Attempts && !call.IsCancellationRequested && IsOfTheMoment(failure);

    // While the directory moves to other silos it cancels what it was asked; the call's own cancellation was looked at before.
    // A storage that fails is told as an OrleansException around the cause: asking it again would only load it more.
    private static bool IsOfTheMoment(Exception failure) =>
        failure is OrleansMessageRejectionException or OperationCanceledException or TimeoutException or InconsistentStateException
        || (failure.GetType() == typeof(OrleansException) && failure.InnerException is null);

    private Task PauseAsync(CancellationToken call) =>
        Task.Delay(ShortestPause + TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(SpreadMilliseconds)), clock, call);
}
