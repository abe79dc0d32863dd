using ControlZero.Client.Routing;
using Grpc.Core;

namespace ControlZero.Client.Transport;

/// <summary>
/// Sends one idempotent message until an answer comes, within a budget of time and attempts. Only UNAVAILABLE is worth another attempt, and
/// the answer of a stale server one at another address; everything else is an answer. Another address is asked at once, the same one only after a pause.
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
    /// <param name="accept">Takes each answer that is in time, and its headers. Default: any will do.</param>
    /// <param name="stale">An answer of a stale server that came in another way: it is the answer when none of the route knows better. Default: there is none.</param>
    public async Task<TAnswer> SendAsync<TAnswer>(
        Route route,
        Func<Endpoint, CallOptions, AsyncUnaryCall<TAnswer>> send,
        CallBudget budget,
        Func<TAnswer, Metadata, Acceptance>? accept = null,
        TAnswer? stale = null)
        where TAnswer : class
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var mayAskAgain = attempt < maxAttempts;
                try
                {
                    var (answer, headers) = await SendOnceAsync(route, send, budget).ConfigureAwait(false);
                    var acceptance = accept?.Invoke(answer, headers) ?? default;
                    if (acceptance.Stale is not { } staleness)
                    {
                        route.Answered();
                        stale = null;
                        return acceptance.Undecided is { } undecided ? throw undecided : answer;
                    }

                    route.Stale(staleness);
                    stale = answer;
                    if (!mayAskAgain || !route.HasAnother)
                    {
                        return stale;
                    }
                }
                catch (ControlZeroException error) when (stale is not null && error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
                {
                    // INVARIANT: a deny that arrived denies. That others are away besides is no outage that the options could make an allow of.
                    if (error.StatusCode == StatusCode.DeadlineExceeded || !mayAskAgain || !route.HasAnother)
                    {
                        return stale;
                    }
                }
                catch (ControlZeroException error) when (error.StatusCode == StatusCode.Unavailable && mayAskAgain)
                {
                    if (!route.HasAnother)
                    {
                        await BackOffAsync(error, budget).ConfigureAwait(false);
                    }
                }
            }
        }
        finally
        {
            route.Leave();
        }
    }

    private async Task<(TAnswer Answer, Metadata Headers)> SendOnceAsync<TAnswer>(
        Route route, Func<Endpoint, CallOptions, AsyncUnaryCall<TAnswer>> send, CallBudget budget)
        where TAnswer : class
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
