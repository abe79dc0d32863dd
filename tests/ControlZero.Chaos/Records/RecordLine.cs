using System.Text.Json.Serialization;

namespace ControlZero.Chaos.Records;

/// <summary>What a line of the record tells.</summary>
internal enum LineKind
{
    /// <summary>A tenant of the run and its settings.</summary>
    Tenant,

    /// <summary>The text of a policy, by its number, before it is first sent.</summary>
    Document,

    /// <summary>A call is about to be sent.</summary>
    Invoke,

    /// <summary>It was answered.</summary>
    Ok,

    /// <summary>It was refused: what it asked for did not happen and will not.</summary>
    Fail,

    /// <summary>Nobody knows what became of it, or will become of it.</summary>
    Unknown,

    /// <summary>A fault is to be injected in this run. Written before the first one.</summary>
    Plan,

    /// <summary>A fault begins.</summary>
    Fault,

    /// <summary>It is over: the process runs again, the storage serves, the link is whole.</summary>
    Healed,

    /// <summary>Every server answers about every agent again.</summary>
    Recovered,

    /// <summary>A server ended that nobody had stopped.</summary>
    Died,

    /// <summary>It was started again, and serves.</summary>
    Served,

    /// <summary>A server is about to be told to stop.</summary>
    Stopping,

    /// <summary>The last look: a server answered about an agent, or did not.</summary>
    Final,
}

/// <summary>What was asked for.</summary>
internal enum Operation
{
    Enforce,
    Publish,
    SuspendAgent,
    ResumeAgent,
    SuspendTenant,
    ResumeTenant,
    SuspendModel,
    ResumeModel,
    RevokeKey,
    GetDecision,
    QueryEvents,
}

/// <summary>One line of the record. Which fields are there depends on the kind; what is not there has its default, as after reading.</summary>
internal sealed record RecordLine
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required LineKind Kind { get; init; }

    /// <summary>Since the run began, by a clock that only goes on. Unit: microseconds.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long At { get; init; }

    /// <summary>Number of the call or the fault.</summary>
    public long Id { get; init; }

    public Operation Operation { get; init; }

    public string Tenant { get => field ?? ""; init; } = "";

    public string Agent { get => field ?? ""; init; } = "";

    /// <summary>Public id of the key that a question was sent with or that is revoked. Empty: the tenant's own.</summary>
    public string Key { get => field ?? ""; init; } = "";

    /// <summary>The server it was sent to or happened to. 0: the client chose, or none.</summary>
    public int Server { get; init; }

    public string Action { get => field ?? ""; init; } = "";

    public string Resource { get => field ?? ""; init; } = "";

    public ulong MinEpoch { get; init; }

    /// <summary>Of a tenant: it lets stale servers allow.</summary>
    public bool AllowStale { get; init; }

    /// <summary>Number of a policy's text in its tenant, from 1. 0: the one that never changes.</summary>
    public int Document { get; init; }

    public string Text { get => field ?? ""; init; } = "";

    /// <summary>The gRPC status of a call that was not answered.</summary>
    public string Status { get => field ?? ""; init; } = "";

    /// <summary>The epoch an answer names.</summary>
    public ulong Epoch { get; init; }

    /// <summary>The version a publish was answered with.</summary>
    public long Version { get; init; }

    public Answer? Answer { get; init; }

    public string Fault { get => field ?? ""; init; } = "";

    public string Phase { get => field ?? ""; init; } = "";

    /// <summary>Of a server that serves: by the other build.</summary>
    public bool IsOtherBuild { get; init; }

    /// <summary>Of a planned upgrade: the other build keeps no audit log.</summary>
    public bool IsOfLoglessBuild { get; init; }

    /// <summary>Which events of the audit log were asked for.</summary>
    public LogQuestion? Question { get; init; }

    /// <summary>Those that were found, in the order they came.</summary>
    public IReadOnlyList<FoundEvent>? Found { get; init; }

    /// <summary>Silos whose part could not be read, as the answer names them.</summary>
    public IReadOnlyList<string>? Unreachable { get; init; }
}
