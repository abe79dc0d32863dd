using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>
/// A call that was allowed: it ends what was reserved for it, once, whatever becomes of the answer. Settling goes on in the background;
/// <see cref="ControlZeroClient.DisposeAsync"/> waits for it.
/// </summary>
internal sealed class ReservedCall(ControlZeroClient client, GateSettings settings, EnforceReservation? reservation)
{
    private UsageDetails? _used;
    private string? _model;
    private bool _hasAnswer;
    private bool _hasEnded;

    /// <summary>Takes along what an answer, or a part of a streamed one, says of itself.</summary>
    public void See(UsageDetails? used, string? model)
    {
        _hasAnswer = true;
        _model = string.IsNullOrEmpty(model) ? _model : model;
        if (used is not null)
        {
            (_used ??= new UsageDetails()).Add(used);
        }
    }

    /// <summary>Starts or goes on with the call to the provider.</summary>
    public async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> step)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Failed(error);
            throw;
        }
    }

    /// <summary>The answer has ended, or is read no further. What is not known by now stays charged as it was reserved.</summary>
    /// <param name="isEmbedding">Whether it has no answer of tokens.</param>
    public void End(bool isEmbedding = false) => End(token => client.SettleAsync(new Settlement
    {
        Token = token,
        AgentId = settings.AgentId,
        Usage = _used is null ? null : UsageOf(_used, isEmbedding),
        ResponseModel = _model is not null && IsName(_model) ? settings.ModelPrefix + _model : null,
    }));

    /// <summary>
    /// A provider that answers with an error did not work, and one that cannot be reached neither: what was reserved is given back. Of a call
    /// that was cancelled or timed out, or broke off in its answer, nobody knows: it stays charged.
    /// </summary>
    private void Failed(Exception error)
    {
        if (_hasAnswer || IsCutOff(error))
        {
            End();
            return;
        }

        End(token => client.CancelAsync(token, settings.AgentId));
    }

    private void End(Func<string, Task> end)
    {
        if (!_hasEnded && reservation is not null)
        {
            _ = EndAsync(end, reservation.Token);
        }

        _hasEnded = true;
    }

    private async Task EndAsync(Func<string, Task> end, string token)
    {
        try
        {
            await end(token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            settings.OnSettleError(error);
        }
    }

    private static bool IsCutOff(Exception error) => error switch
    {
        OperationCanceledException or TimeoutException => true,
        AggregateException several => several.InnerExceptions.Any(IsCutOff),
        _ => error.InnerException is { } inner && IsCutOff(inner),
    };

    private static CallUsage UsageOf(UsageDetails used, bool isEmbedding)
    {
        var (input, output) = (Count(used.InputTokenCount), Count(used.OutputTokenCount) ?? (isEmbedding ? 0 : null));
        return new()
        {
            InputTokens = input,
            OutputTokens = output,
            CachedInputTokens = Part(used.CachedInputTokenCount, input),
            ReasoningTokens = Part(used.ReasoningTokenCount, output),
        };
    }

    private static long? Count(long? figure) => figure >= 0 ? figure : null;

    /// <summary>A part that is larger than the whole was counted beside it, and the cluster would refuse the whole report for it.</summary>
    private static long? Part(long? figure, long? whole) => figure >= 0 && figure <= whole ? figure : null;

    /// <summary>Whether the provider's word for its model can stand in a resource.</summary>
    private static bool IsName(string model) => model.All(letter => letter is >= '!' and <= '~' and not ('%' or '\\' or '*' or '?' or '[' or ']'));
}
