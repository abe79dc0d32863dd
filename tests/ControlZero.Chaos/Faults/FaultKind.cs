namespace ControlZero.Chaos.Faults;

/// <summary>A fault that can be injected.</summary>
/// <param name="Name">As it is spelt on the command line, in the record and in tables.</param>
/// <param name="What">What happens, for people.</param>
/// <param name="Length">How long it lasts, shortest and longest. Unit: seconds. The storage's is made longer where there is time.</param>
/// <param name="Cost">About how long one takes besides, recovery included. Unit: seconds. For planning only.</param>
internal sealed record FaultKind(string Name, string What, (double Shortest, double Longest) Length, double Cost)
{
    /// <summary>
    /// How long everything must stay answered for the recovery to count: a server that the others gave up meanwhile answers until it learns of it,
    /// and ends. It looks at the membership table every second, and Orleans takes two more to end it.
    /// </summary>
    public TimeSpan TimeToLearn { get; init; }

    public static FaultKind Kill { get; } = new("kill", "kill -9 of one server, started again after a while", (0.5, 3), 8);

    public static FaultKind Pause { get; } = new("pause", "SIGSTOP of one server, SIGCONT after a while", (0.5, 5), 6) { TimeToLearn = TimeSpan.FromSeconds(4) };

    public static FaultKind Term { get; } = new("term", "SIGTERM of one server, started again when it ended", (0, 0.5), 7);

    public static FaultKind Rolling { get; } = new("rolling", "SIGTERM and a new start of one server after the other", (0, 0), 18);

    public static FaultKind Storage { get; } = new("storage", "state and membership storage stopped, started again after a while", (3, 60), 9);

    public static FaultKind Partition { get; } = new("partition", "what one server sends to another or to the storage is dropped, one way", (3, 8), 6);

    // Before it can look, TCP waits as long once more as the cut has taken: the longer it gets no answer, the more seldom it sends again.
    public static FaultKind Isolate { get; } =
        new("isolate", "one server is cut off from the others and from the storage, both ways, and still reached by its callers", (6, 9), 12) { TimeToLearn = TimeSpan.FromSeconds(12) };

    public static FaultKind Door { get; } = new("door", "the front door without a silo is cut off from the storage, both ways, and still reached by its callers", (3, 8), 6);

    public static FaultKind Upgrade { get; } = new("upgrade", "one server after the other is replaced by one of another build, and back", (0, 0), 40);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FaultKind> All { get; } = [Kill, Pause, Term, Rolling, Storage, Partition, Isolate, Door, Upgrade];
}
