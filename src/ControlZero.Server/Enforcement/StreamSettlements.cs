using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>Ends reservations for streams, as the single calls would.</summary>
internal sealed class StreamSettlements(Settlements settlements, SiloFreshness freshness, KeyAuthenticator keys, FailureTranslator failures)
{
    /// <summary>Settles or cancels. Never fails: what goes wrong is the answer.</summary>
    /// <param name="message">A message that settles or cancels.</param>
    /// <param name="caller">Who opened the stream.</param>
    /// <param name="method">The method that was called.</param>
    /// <param name="call">Ends with the stream.</param>
    public async Task<EnforceOutcome> EndAsync(EnforceStreamRequest message, ClientIdentity caller, string method, CancellationToken call)
    {
        try
        {
            // A stale silo goes on with its streams, whose questions it then denies; the single calls it refuses before it looks at their key.
            if (!await freshness.EnsureAsync())
            {
                return new EnforceOutcome(null, RpcErrors.Stale());
            }

            if (!await keys.IsStillValidAsync(caller, call))
            {
                return new EnforceOutcome(null, RpcErrors.InvalidCredentials());
            }

            var answer = new EnforceStreamResponse { CorrelationId = message.CorrelationId };
            if (message.MessageCase == EnforceStreamRequest.MessageOneofCase.Settle)
            {
                answer.Settled = await settlements.SettleAsync(message.Settle, caller, call);
            }
            else
            {
                answer.Cancelled = await settlements.CancelAsync(message.Cancel, caller, call);
            }

            return new EnforceOutcome(null, null, Ended: answer);
        }
        catch (RpcException refused) when (refused.GetRpcStatus() is { } status)
        {
            return new EnforceOutcome(null, status);
        }
        catch (Exception failure)
        {
            return new EnforceOutcome(null, failures.Translate(failure, method));
        }
    }
}
