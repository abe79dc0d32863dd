namespace ControlZero.Chaos.Records;

/// <summary>When each server served, and by which build. From the beginning of the record all do, by the present one.</summary>
internal sealed class ServerLives
{
    private readonly ILookup<int, RecordLine> _turns;

    public ServerLives(IEnumerable<RecordLine> lines) => _turns = lines
        .Where(line => line.Kind is LineKind.Stopping or LineKind.Died or LineKind.Served)
        .OrderBy(line => line.At)
        .ToLookup(line => line.Server);

    /// <summary>Whether it served all that time, without a new start. Unit: microseconds since the run began.</summary>
    public bool IsUp(int server, long from, long to) =>
        Before(server, from) is not { Kind: LineKind.Stopping or LineKind.Died } && !_turns[server].Any(turn => turn.At > from && turn.At <= to);

    /// <summary>Whether what it did in that time it did by the other build. Null: that cannot be told.</summary>
    public bool? IsOtherBuild(int server, long from, long to) => IsUp(server, from, to) ? Before(server, from)?.IsOtherBuild ?? false : null;

    private RecordLine? Before(int server, long at) => _turns[server].LastOrDefault(turn => turn.At <= at);
}
