using System.Security.Cryptography;
using Grpc.Core;

namespace ControlZero.Client.Transport;

/// <summary>
/// Sends one idempotent message until an answer comes, within a budget of time and attempts. Only UNAVAILABLE is worth another attempt;
/// everything else is an answer.
/// </summary>
internal sealed class BoundedCalls(TimeProvider clock, TimeSpan timeout, int maxAttempts)
{
    private const int MinBackOffMilliseconds = 50;
    private const int MaxBackOffMilliseconds = 200;

    /// <summary>Starts the clock of one call of the program.</summary>
    public CallBudget Begin(CancellationToken cancellationToken) => new(clock, timeout, cancellationToken);

    /// <summary>
    /// The answer. Throws <see cref="ControlZeroException"/> when there is none in time, and <see cref="OperationCanceledException"/>
    /// when the caller gave up.
    /// </summary>
    /// <param name="send">Sends the message as it is to be sent this time.</param>
    /// <param name="budget">The time of the call.</param>
    /// <param name="accept">Takes each answer that is in time. What it throws counts as the answer: UNAVAILABLE is worth another attempt. Default: any will do.</param>
    public async Task<TAnswer> SendAsync<TAnswer>(
        Func<CallOptions, AsyncUnaryCall<TAnswer>> send, CallBudget budget, Action<TAnswer>? accept = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendOnceAsync(send, budget, accept).ConfigureAwait(false);
            }
            catch (ControlZeroException error) when (error.StatusCode == StatusCode.Unavailable && attempt < maxAttempts)
            {
                await BackOffAsync(error, budget).ConfigureAwait(false);
            }
        }
    }

    private async Task<TAnswer> SendOnceAsync<TAnswer>(
        Func<CallOptions, AsyncUnaryCall<TAnswer>> send, CallBudget budget, Action<TAnswer>? accept)
    {
        budget.ThrowIfCallerGaveUp();
        if (budget.IsSpent)
        {
            throw TooLate(null);
        }

        try
        {
            using var call = send(new CallOptions(deadline: CallDeadline.After(budget.Remaining), cancellationToken: budget.Token));
            var answer = await call.ResponseAsync.ConfigureAwait(false);
            if (budget.IsSpent)
            {
                throw TooLate(null);
            }

            accept?.Invoke(answer);
            return answer;
        }
        catch (ControlZeroException error) when (error.StatusCode == StatusCode.Cancelled)
        {
            budget.ThrowIfCallerGaveUp();
            throw budget.IsSpent ? TooLate(error) : error;
        }
    }

    private async Task BackOffAsync(ControlZeroException error, CallBudget budget)
    {
        var pause = TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(MinBackOffMilliseconds, MaxBackOffMilliseconds + 1));
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

    private ControlZeroException TooLate(Exception? inner) =>
        new(StatusCode.DeadlineExceeded, "", $"no answer within {timeout.TotalMilliseconds:0} ms; raise the option Timeout or look at the cluster", inner);
}
