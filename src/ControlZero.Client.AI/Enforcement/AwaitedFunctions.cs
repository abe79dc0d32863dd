using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>
/// Function calls of a model that were allowed, until their results come back with a later request: then they are over. Those whose results never come
/// end at their charge.
/// </summary>
internal sealed class AwaitedFunctions
{
    /// <summary>The most that are remembered; past that the oldest is forgotten. Unit: calls.</summary>
    private const int Most = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ReservedCall> _calls = new(StringComparer.Ordinal);
    private readonly Queue<string> _inOrder = new();

    /// <summary>Waits for the result of a call.</summary>
    public void Add(string callId, ReservedCall call)
    {
        if (!call.IsReserved || string.IsNullOrEmpty(callId))
        {
            return;
        }

        lock (_gate)
        {
            if (_calls.TryAdd(callId, call))
            {
                _inOrder.Enqueue(callId);
            }

            if (_inOrder.Count > Most)
            {
                _calls.Remove(_inOrder.Dequeue());
            }
        }
    }

    /// <summary>Ends the calls whose results these messages hold.</summary>
    public void EndReturned(IEnumerable<ChatMessage> messages)
    {
        foreach (var result in messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>())
        {
            Remove(result.CallId)?.EndFunction();
        }
    }

    private ReservedCall? Remove(string callId)
    {
        lock (_gate)
        {
            return callId is not null && _calls.Remove(callId, out var call) ? call : null;
        }
    }
}
