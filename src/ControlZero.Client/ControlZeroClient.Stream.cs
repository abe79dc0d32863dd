using ControlZero.Client.Enforcement;
using ControlZero.Client.Errors;
using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client;

public sealed partial class ControlZeroClient
{
    /// <summary>
    /// Opens a stream to the first address that can be reached, for programs that ask a lot: it takes questions, settlements and cancellations, and each comes to what
    /// the call of the same name comes to. Dispose it when it is not needed any more.
    /// </summary>
    public EnforceStream OpenStream()
    {
        var endpoint = _endpoints.FirstReachable();
        return new(this, new StreamExchange(endpoint.Enforcement.EnforceStream(), endpoint, _options.Timeout, _clock));
    }

    internal Task<SettleOutcome> SettleOverAsync(Settlement settlement, StreamExchange? stream, CancellationToken cancellationToken) => EndAsync(
        settlement.AgentId,
        async (agent, budget) => (await OverAsync(stream, () => new EnforceStreamRequest { Settle = LimitMapping.ToSettle(settlement, agent) }, budget).ConfigureAwait(false))?.Settled,
        (endpoint, agent, options) => endpoint.Enforcement.SettleAsync(LimitMapping.ToSettle(settlement, agent), options),
        LimitMapping.ToOutcome,
        cancellationToken);

    internal Task<SettleOutcome> CancelOverAsync(string token, string? agentId, StreamExchange? stream, CancellationToken cancellationToken) => EndAsync(
        agentId,
        async (agent, budget) => (await OverAsync(stream, () => new EnforceStreamRequest { Cancel = ToCancel(token, agent) }, budget).ConfigureAwait(false))?.Cancelled,
        (endpoint, agent, options) => endpoint.Enforcement.CancelAsync(ToCancel(token, agent), options),
        LimitMapping.ToOutcome,
        cancellationToken);

    private static CancelRequest ToCancel(string token, string agent) => new() { Token = token, AgentId = agent };

    // Null: there is no stream, it is over, or its server cannot answer now. A single call is worth an attempt.
    private async Task<EnforceStreamResponse?> OverAsync(StreamExchange? stream, Func<EnforceStreamRequest> message, CallBudget budget)
    {
        if (stream is null)
        {
            return null;
        }

        EnforceStreamResponse? answer;
        try
        {
            answer = await stream.AskAsync(message(), budget.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            budget.ThrowIfCallerGaveUp();
            throw _calls.TooLate();
        }

        if (answer is not null && budget.IsSpent)
        {
            throw _calls.TooLate();
        }

        return answer?.Error is not { } status ? answer
            : ErrorDecoding.Decode(status) is { StatusCode: not StatusCode.Unavailable } error ? throw error
            : null;
    }
}
