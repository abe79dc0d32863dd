using ControlZero.Chaos.Faults;

namespace ControlZero.Chaos;

/// <summary>What a run is to be.</summary>
internal sealed record ChaosOptions
{
    /// <summary>How long a server may decide by what is replaced, as the product promises and the checkers hold it to.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Within what time everything is answered after a fault is over. A server that was declared dead finds out and ends within it, and when it was started
    /// again all is answered. How long a process takes to start is not in it, after this fault as after a kill: that is for how busy the machine is.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The server's program, built.</summary>
    public required string Server { get; init; }

    /// <summary>Another build of it, for upgrades. Empty: none.</summary>
    public string OtherServer { get; init; } = "";

    public required string Setup { get; init; }

    public required int Seed { get; init; }

    /// <summary>About how long faults are injected.</summary>
    public TimeSpan Time { get; init; }

    /// <summary>The faults, those that the set-up or the machine does not have left out already.</summary>
    public IReadOnlyList<FaultKind> Faults { get; init; } = [];

    /// <summary>What was asked for and cannot be had here, with the reason.</summary>
    public IReadOnlyList<string> NotRun { get; init; } = [];

    /// <summary>Where the record, the data and the logs go.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether this process is alone in a network namespace and may make others.</summary>
    public bool PrivateNetwork { get; init; }

    /// <summary>The bound the servers are told, for showing what the checkers find when it is another one than is promised. Null: their own.</summary>
    public string? ServerBound { get; init; }
}
