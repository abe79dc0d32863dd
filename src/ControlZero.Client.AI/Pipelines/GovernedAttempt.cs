using System.ClientModel.Primitives;
using ControlZero.Client.AI.Enforcement;

namespace ControlZero.Client.AI.Pipelines;

/// <summary>One attempt of a request that may be sent: it ends what was reserved for it with what came of it.</summary>
/// <param name="call">The call.</param>
/// <param name="earlier">The answer of the attempt before. Null: there was none.</param>
/// <param name="embeds">Whether it is an embedding request.</param>
internal sealed class GovernedAttempt(ReservedCall call, PipelineResponse? earlier, bool embeds)
{
    /// <summary>
    /// It has no answer, or one that broke off. Returns when the cluster knows, so that a retry, which asks with the same request id, is charged
    /// for itself; unless the program has given up, and makes none.
    /// </summary>
    public Task FailedAsync(PipelineMessage message, Exception error)
    {
        if (message.Response is { } response && !ReferenceEquals(response, earlier))
        {
            call.End();
        }
        else
        {
            call.Failed(error);
        }

        return message.CancellationToken.IsCancellationRequested ? Task.CompletedTask : call.Ended;
    }

    /// <summary>It is answered. Returns when the cluster knows that it was refused, for the same reason; anything else is settled as it is read.</summary>
    public Task AnsweredAsync(PipelineMessage message)
    {
        if (!call.IsReserved || message.Response is not { } response)
        {
            return Task.CompletedTask;
        }

        if (response.IsError)
        {
            call.Cancel();
            return call.Ended;
        }

        var isEvents = response.Headers.TryGetValue("Content-Type", out var type) && type?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
        var reader = new AnswerReader(call, isEvents, embeds);
        if (message.BufferResponse || response.ContentStream is not { } stream)
        {
            reader.Pass(response.Content.ToMemory().Span);
            reader.End();
        }
        else
        {
            response.ContentStream = new ObservedAnswer(stream, reader);
        }

        return Task.CompletedTask;
    }
}
