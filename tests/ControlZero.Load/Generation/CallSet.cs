using System.Net;
using ControlZero.Load.Http2;

namespace ControlZero.Load.Generation;

/// <summary>The calls a run draws from: one server, one method, a body for each agent.</summary>
/// <param name="Server">Where they go.</param>
/// <param name="Path">The method.</param>
/// <param name="Key">API key, or null: none is needed.</param>
/// <param name="Bodies">Prefix and message, one for each agent.</param>
/// <param name="AnswerStart">How every right answer begins, its prefix included: length, decision and effect.</param>
/// <param name="DecisionsPerCall">How many decisions an answer holds.</param>
internal sealed record CallSet(
    IPEndPoint Server, string Path, string? Key, ReadOnlyMemory<byte[]> Bodies, ReadOnlyMemory<byte> AnswerStart, int DecisionsPerCall)
{
    /// <summary>True: answers vary in length, so <see cref="AnswerStart"/> is what stands near the beginning of each. Default: false.</summary>
    public bool AnswersVary { get; init; }

    /// <summary>Tells right answers from wrong ones.</summary>
    public AnswerCheck Check => new(AnswerStart, AnswersVary);

    /// <summary>The same calls of the first agents only.</summary>
    public CallSet First(int agents) => this with { Bodies = Bodies[..Math.Min(agents, Bodies.Length)] };

    /// <summary>Opens connections.</summary>
    public async Task<List<Http2Connection>> ConnectAsync(int count, CancellationToken cancellationToken)
    {
        var connections = new List<Http2Connection>();
        var headers = new RequestHeaders(Server, Path, Key);
        try
        {
            while (connections.Count < count)
            {
                connections.Add(await Http2Connection.ConnectAsync(Server, headers, Check, cancellationToken));
            }
        }
        catch
        {
            connections.ForEach(connection => connection.Dispose());
            throw;
        }

        return connections;
    }
}
