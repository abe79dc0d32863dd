using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>
/// A call that was allowed: it ends what was reserved for it, once, whatever becomes of the answer. Ending goes on in the background;
/// <see cref="ControlZeroClient.DisposeAsync"/> waits for it.
/// </summary>
internal sealed class ReservedCall(ControlZeroClient client, GateSettings settings, EnforceReservation? reservation)
{
    private UsageDetails? _added;
    private CallUsage? _told;
    private string? _model;
    private bool _hasAnswer;
    private int _hasEnded;

    /// <summary>Whether there is something to end.</summary>
    public bool IsReserved => reservation is not null;

    /// <summary>Done when the cluster was told of the end, or could not be.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Takes along what an answer, or a part of a streamed one, says of itself. The figures of several parts are added.</summary>
    public void See(UsageDetails? used, string? model)
    {
        SeeModel(model);
        if (used is not null)
        {
            (_added ??= new UsageDetails()).Add(used);
        }
    }

    /// <summary>Takes along what the provider's own answer, or an event of its stream, says of itself. A later figure replaces an earlier one.</summary>
    public void SeeReport(CallUsage? used, string? model)
    {
        SeeModel(model);
        _told = used is null || _told is null ? used ?? _told : new CallUsage
        {
            InputTokens = used.InputTokens ?? _told.InputTokens,
            OutputTokens = used.OutputTokens ?? _told.OutputTokens,
            CachedInputTokens = used.CachedInputTokens ?? _told.CachedInputTokens,
            CacheWriteTokens = used.CacheWriteTokens ?? _told.CacheWriteTokens,
            ReasoningTokens = used.ReasoningTokens ?? _told.ReasoningTokens,
            CostNanosUsd = used.CostNanosUsd ?? _told.CostNanosUsd,
        };
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
        Usage = _told ?? (_added is null ? null : UsageOf(_added, isEmbedding)),
        ResponseModel = _model is not null && IsName(_model) ? settings.ModelPrefix + _model : null,
    }));

    /// <summary>The function has run. It used no tokens; what it may have cost is not known, and stays charged as it was reserved.</summary>
    public void EndFunction()
    {
        _told = new CallUsage { InputTokens = 0, OutputTokens = 0 };
        End();
    }

    /// <summary>The call was not made, or came to nothing: what was reserved is given back.</summary>
    public void Cancel() => End(token => client.CancelAsync(token, settings.AgentId));

    /// <summary>
    /// A provider that answers with an error did not work, and one that cannot be reached neither: what was reserved is given back. Of a call
    /// that was cancelled or timed out, or broke off in its answer, nobody knows: it stays charged.
    /// </summary>
    public void Failed(Exception error)
    {
        if (_hasAnswer || IsCutOff(error))
        {
            End();
            return;
        }

        Cancel();
    }

    private void SeeModel(string? model)
    {
        _hasAnswer = true;
        _model = string.IsNullOrEmpty(model) ? _model : model;
    }

    private void End(Func<string, Task> end)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0 && reservation is not null)
        {
            Ended = EndAsync(end, reservation.Token);
        }
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
        OperationCanceledException or TimeoutException or IOException => true,
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
