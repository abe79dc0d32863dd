using ControlZero.Client.Routing;
using Grpc.Core;

namespace ControlZero.Client.Transport;

/// <summary>
/// Sends one idempotent message until an answer comes, within a budget of time and attempts. Only UNAVAILABLE is worth another attempt;
/// everything else is an answer. Another address is asked at once, the same one only after a pause.
/// </summary>
/// <param name="clock">The client's clock.</param>
/// <param name="timeout">The time of one call.</param>
/// <param name="maxAttempts">How often a message may be sent.</param>
/// <param name="chance">Even chance from 0 up to 1, for the length of pauses.</param>
internal sealed class BoundedCalls(TimeProvider clock, TimeSpan timeout, int maxAttempts, Func<double> chance)
{
    private const int MinBackOffMilliseconds = 50;
    private const int MaxBackOffMilliseconds = 200;

    /// <summary>Starts the clock of one call of the program.</summary>
    public CallBudget Begin(CancellationToken cancellationToken) => new(clock, timeout, cancellationToken);

    /// <summary>What a call whose time is up ends with.</summary>
    public ControlZeroException TooLate(Exception? inner = null) =>
        new(StatusCode.DeadlineExceeded, "", $"no answer within {timeout.TotalMilliseconds:0} ms; raise the option Timeout or look at the cluster", inner);

    /// <summary>
    /// The answer. Throws <see cref="ControlZeroException"/> when there is none in time, and <see cref="OperationCanceledException"/>
    /// when the caller gave up.
    /// </summary>
    /// <param name="route">Whom to ask, in turn.</param>
    /// <param name="send">Sends the message to an address as it is to be sent this time.</param>
    /// <param name="budget">The time of the call.</param>
    /// <param name="accept">
    /// Takes each answer that is in time, and its headers. What it throws counts as the answer: UNAVAILABLE is worth another attempt. Default: any will do.
    /// </param>
    public async Task<TAnswer> SendAsync<TAnswer>(
        Route route, Func<Endpoint, CallOptions, AsyncUnaryCall<TAnswer>> send, CallBudget budget, Action<TAnswer, Metadata>? accept = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var (answer, headers) = await SendOnceAsync(route, send, budget).ConfigureAwait(false);
                accept?.Invoke(answer, headers);
                return answer;
            }
            catch (ControlZeroException error) when (error.StatusCode == StatusCode.Unavailable && attempt < maxAttempts)
            {
                if (!route.HasAnother)
                {
                    await BackOffAsync(error, budget).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<(TAnswer Answer, Metadata Headers)> SendOnceAsync<TAnswer>(
        Route route, Func<Endpoint, CallOptions, AsyncUnaryCall<TAnswer>> send, CallBudget budget)
    {
        budget.ThrowIfCallerGaveUp();
        if (budget.IsSpent)
        {
            throw TooLate();
        }

        try
        {
            using var call = send(route.Next(), new CallOptions(deadline: CallDeadline.After(budget.Remaining), cancellationToken: budget.Token));
            var answer = await call.ResponseAsync.ConfigureAwait(false);
            var headers = await call.ResponseHeadersAsync.ConfigureAwait(false);
            if (budget.IsSpent)
            {
                throw TooLate();
            }

            route.Answered();
            return (answer, headers);
        }
        catch (ControlZeroException error)
        {
            var isTimeUp = error.StatusCode == StatusCode.Cancelled && budget.IsSpent && !budget.IsCallerGone;
            route.Ended(isTimeUp ? StatusCode.DeadlineExceeded : error.StatusCode);
            if (error.StatusCode == StatusCode.Cancelled)
            {
                budget.ThrowIfCallerGaveUp();
            }

            if (isTimeUp)
            {
                throw TooLate(error);
            }

            throw;
        }
    }

    private async Task BackOffAsync(ControlZeroException error, CallBudget budget)
    {
        var pause = TimeSpan.FromMilliseconds(MinBackOffMilliseconds + (chance() * (MaxBackOffMilliseconds - MinBackOffMilliseconds)));
        if (pause >= budget.Remaining)
        {
            throw error;
        }

        try
        {
            await Task.Delay(pause, clock, budget.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            budget.ThrowIfCallerGaveUp();
            throw TooLate(error);
        }
    }
}
