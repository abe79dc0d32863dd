using ControlZero.Audit.Log;
using ControlZero.Engine;
using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Audit.Keeping;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Audit;

/// <summary>What an operator decides about the audit log.</summary>
internal sealed record AuditSettings
{
    /// <summary>The section: <c>Audit</c>.</summary>
    public const string SectionName = "Audit";

    private const int MostContextKeys = 16;

    /// <summary>
    /// What an answer waits for. <c>durable</c>: its event is flushed to this server's disk. <c>buffered</c>: its event is taken; a crash loses about a
    /// millisecond of them, and what is lost is counted. <c>off</c>: nothing is recorded. Default: <c>durable</c>.
    /// </summary>
    public AuditLevel Mode { get; init; } = AuditLevel.Durable;

    /// <summary>
    /// Where the log is kept. <c>files</c>: each server's part in its data directory. <c>azure</c>: the whole cluster's in one container of Azure Storage, by
    /// way of this server's disk; front doors' too, so that their events can be read. Default: <c>files</c>.
    /// </summary>
    public AuditSinkKind Sink { get; init; } = AuditSinkKind.Files;

    /// <summary>
    /// With <see cref="Sink"/> <c>azure</c> and <see cref="Mode"/> <c>durable</c>: how long an answer waits for the container to have its event, before this server's
    /// disk has to do. 0 s: for the disk alone; the container has it 0.2 s later. 0 s to 10 s. Default: 500 ms.
    /// </summary>
    public TimeSpan SinkPatience { get; init; } = new AuditLogOptions { Silo = "", WalDirectory = "" }.SinkPatience;

    /// <summary>The container.</summary>
    public AuditAzureSettings Azure { get; init; } = new();

    /// <summary>Who signs.</summary>
    public AuditSigningSettings Signing { get; init; } = new();

    /// <summary>How long bodies are kept.</summary>
    public AuditRetentionSettings Retention { get; init; } = new();

    /// <summary>
    /// Keys of a request's context whose values are kept in its event, redacted, at most 16. The rest of a context is its digest. Default: none.
    /// </summary>
    public IReadOnlyList<string> ContextKeys { get; init; } = [];

    /// <summary>Size at which a segment of the log ends. Unit: MiB, 1 to 1,024. Default: 64.</summary>
    public int SegmentMegabytes { get; init; } = 64;

    /// <summary>How much may wait on this server's disk for the place the log is kept in; past that, nothing is answered (AUDIT_UNAVAILABLE). Unit: MiB, 64 to 1,048,576. Default: 1,024.</summary>
    public int SpillMegabytes { get; init; } = 1024;

    /// <summary>
    /// Time between two checkpoints of the log: what is cut off behind the last one is not found by verifying. 1 s to 1 h. Default: 1 min.
    /// </summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether answers wait for this server's disk and nothing else.</summary>
    public bool WaitsForDisk => Mode is AuditLevel.Durable && LogMode is AuditMode.Durable;

    private AuditMode LogMode => Mode == AuditLevel.Buffered ? AuditMode.Buffered
        : Sink == AuditSinkKind.Azure && SinkPatience > TimeSpan.Zero ? AuditMode.DurableInSink
        : AuditMode.Durable;

    /// <summary>Reads the section.</summary>
    public static AuditSettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new AuditSettings());
        return new()
        {
            Mode = section.OneOf(nameof(Mode), standard.Mode, AuditLevel.Durable, AuditLevel.Buffered, AuditLevel.Off),
            Sink = section.OneOf(nameof(Sink), standard.Sink, AuditSinkKind.Files, AuditSinkKind.Azure),
            SinkPatience = section.Duration(nameof(SinkPatience), standard.SinkPatience, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
            Azure = AuditAzureSettings.Read(reader),
            Signing = AuditSigningSettings.Read(reader),
            Retention = AuditRetentionSettings.Read(reader),
            ContextKeys = section.List(nameof(ContextKeys)),
            SegmentMegabytes = section.Number(nameof(SegmentMegabytes), standard.SegmentMegabytes, 1, 1024),
            SpillMegabytes = section.Number(nameof(SpillMegabytes), standard.SpillMegabytes, 64, 1024 * 1024),
            CheckpointInterval = section.Duration(nameof(CheckpointInterval), standard.CheckpointInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        };
    }

    /// <summary>The log that this describes.</summary>
    /// <param name="silo">Name of the silo.</param>
    /// <param name="directory">Where it is kept: in `audit`, `ledger` and `wal` of the data directory.</param>
    public AuditLogOptions ToLog(string silo, string directory) => new()
    {
        Silo = silo,
        WalDirectory = Path.Combine(directory, "wal"),
        Mode = LogMode,
        SinkPatience = SinkPatience,
        SegmentBytes = (long)SegmentMegabytes << 20,
        SpillBytes = (long)SpillMegabytes << 20,
        CheckpointInterval = CheckpointInterval,
    };

    /// <summary>What is wrong with it.</summary>
    /// <param name="cluster">The cluster's account, which is the log's unless it has one of its own.</param>
    public IEnumerable<string> Faults(AzureSettings cluster)
    {
        if (Sink == AuditSinkKind.Azure)
        {
            foreach (var fault in Azure.Faults(cluster))
            {
                yield return fault;
            }
        }
        else
        {
            foreach (var (key, _) in Unused().Where(each => each.IsSet))
            {
                yield return $"{key} is set, but {SectionName}:Sink `files` does not use it; remove it, or choose {SectionName}:Sink `azure`";
            }
        }

        foreach (var fault in Signing.Faults())
        {
            yield return fault;
        }

        if (ContextKeys.Count > MostContextKeys)
        {
            yield return $"{SectionName}:ContextKeys has {ContextKeys.Count} keys, {MostContextKeys} are allowed; keep what auditors ask for, the digest has the rest";
        }

        foreach (var key in ContextKeys.Where(key => key.Length > Limits.ContextKeyMaxLength))
        {
            yield return $"{SectionName}:ContextKeys {Quoted.Text(key)} is longer than a key of a context may be, {Limits.ContextKeyMaxLength} characters; shorten it";
        }

        foreach (var key in ContextKeys.GroupBy(key => key).Where(same => same.Count() > 1))
        {
            yield return $"{SectionName}:ContextKeys {Quoted.Text(key.Key)} stands there more than once; remove it";
        }

        if (SpillMegabytes < SegmentMegabytes)
        {
            yield return $"{SectionName}:SpillMegabytes `{SpillMegabytes}` is less than a segment, `{SegmentMegabytes}`; raise it";
        }
    }

    private IEnumerable<(string Key, bool IsSet)> Unused() =>
        [(AuditAzureSettings.SectionName, Azure.IsSet), ($"{SectionName}:{nameof(SinkPatience)}", SinkPatience != new AuditSettings().SinkPatience)];
}

/// <summary>How much an answer waits for its event.</summary>
internal enum AuditLevel
{
    /// <summary>See <c>ControlZero.Audit.Log.AuditMode.Durable</c>.</summary>
    Durable = 0,

    /// <summary>See <c>ControlZero.Audit.Log.AuditMode.Buffered</c>.</summary>
    Buffered = 1,

    /// <summary>There is no log.</summary>
    Off = 2,
}

/// <summary>Where the log is kept.</summary>
internal enum AuditSinkKind
{
    /// <summary>In the data directory of each server.</summary>
    Files = 0,

    /// <summary>In a container of Azure Storage.</summary>
    Azure = 1,
}
