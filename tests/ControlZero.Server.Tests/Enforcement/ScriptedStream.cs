using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>A caller whose requests are all there at once.</summary>
internal sealed class ScriptedRequests(IEnumerable<EnforceStreamRequest> requests, Action<int>? whenRead = null) : IAsyncStreamReader<EnforceStreamRequest>
{
    private readonly IEnumerator<EnforceStreamRequest> _requests = requests.GetEnumerator();
    private int _read;

    public EnforceStreamRequest Current => _requests.Current;

    public int Read => _read;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var more = _requests.MoveNext();
        if (more)
        {
            _read++;
            whenRead?.Invoke(_read);
        }

        return Task.FromResult(more);
    }
}

/// <summary>A caller who takes answers when the test lets it.</summary>
internal sealed class ScriptedAnswers(Task mayTake) : IServerStreamWriter<EnforceStreamResponse>
{
    private readonly List<(EnforceStreamResponse Answer, bool HeldBack)> _taken = [];
    private int _flushed;

    public WriteOptions? WriteOptions { get; set; }

    public IReadOnlyList<(EnforceStreamResponse Answer, bool HeldBack)> Taken => _taken;

    /// <summary>How many answers have left for certain.</summary>
    public int Flushed => Volatile.Read(ref _flushed);

    public async Task WriteAsync(EnforceStreamResponse message)
    {
        await mayTake;
        var heldBack = WriteOptions?.Flags.HasFlag(WriteFlags.BufferHint) == true;
        _taken.Add((message, heldBack));
        if (!heldBack)
        {
            Volatile.Write(ref _flushed, _taken.Count);
        }
    }
}
