using System.Collections.Immutable;
using System.Net;
using ControlZero.Server.Audit;

namespace ControlZero.Server.Cluster;

/// <summary>How a cluster is set up, as far as production advice asks.</summary>
internal sealed record Setup
{
    /// <summary>Where state is kept.</summary>
    public required string Storage { get; init; }

    /// <summary>Where gRPC listens.</summary>
    public required IPAddress GrpcAddress { get; init; }

    /// <summary>Whether gRPC is spoken over TLS.</summary>
    public required bool Tls { get; init; }

    /// <summary>Whether other machines may reach a silo without TLS.</summary>
    public required bool InsecureSilo { get; init; }

    /// <summary>The active silos: name, version (empty: no answer) and why each wants no work.</summary>
    public required ImmutableArray<(string Name, string Version, ImmutableArray<string> NotReady)> Silos { get; init; }

    /// <summary>What an answer waits for before it leaves.</summary>
    public required AuditLevel Audit { get; init; }

    /// <summary>Where the audit log is kept.</summary>
    public required AuditSinkKind AuditSink { get; init; }

    /// <summary>Whether its ledger is signed.</summary>
    public required bool AuditSigned { get; init; }

    /// <summary>What is wrong with it on the server that answers: why nothing is answered, and why the sink takes nothing. Null: nothing is.</summary>
    public (string? Answers, string? Sink) AuditTrouble { get; init; }

    /// <summary>Whether the server that answers is a front door without a silo.</summary>
    public bool IsFrontDoor { get; init; }

    /// <summary>Whether the first key still lies in its file.</summary>
    public required bool AdminKeyFile { get; init; }

    /// <summary>Whether others than the owner may look into the data directory.</summary>
    public required bool DataOpenToOthers { get; init; }

    /// <summary>Whether the caller's tenant registers agents on first use.</summary>
    public required bool UnknownAgentsAllowed { get; init; }

    /// <summary>Whether anybody reads the metrics: Prometheus or a collector.</summary>
    public required bool Metrics { get; init; }

    /// <summary>Whether the process has an administrator's rights.</summary>
    public required bool Privileged { get; init; }

    /// <summary>Whether a process of the same user may attach a debugger or dump the memory.</summary>
    public required bool Diagnostics { get; init; }
}
