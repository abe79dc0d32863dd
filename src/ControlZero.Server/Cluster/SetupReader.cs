using System.Collections.Immutable;
using ControlZero.Abstractions.Tenants;
using ControlZero.Server.Audit;
using ControlZero.Server.Hosting;
using Silo = ControlZero.Protocol.V1.Silo;

namespace ControlZero.Server.Cluster;

/// <summary>Looks how the cluster is set up: at the options, the data directory and the process.</summary>
internal sealed class SetupReader(ServerOptions options, DataDirectory data, AuditState audit)
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Where state is kept: the set-up's name.</summary>
    public string Storage { get; } = options.Cluster.Setup.ToString().ToLowerInvariant();

    /// <summary>What this server is in its cluster.</summary>
    public string Role { get; } = options.Cluster.Role.ToString().ToLowerInvariant();

    /// <summary>The set-up as it is now.</summary>
    /// <param name="silos">The silos as the status shows them.</param>
    /// <param name="tenant">The settings of the caller's tenant. Null: it is gone.</param>
    public Setup Read(IEnumerable<Silo> silos, TenantSettings? tenant) => new()
    {
        Storage = Storage,
        GrpcAddress = options.Listen.Grpc.Address,
        Tls = options.Tls.IsOn,
        InsecureSilo = options.Cluster.IsInsecure,
        Silos = [.. silos.Where(silo => silo.Status == "active").Select(silo => (silo.Name, silo.Version, silo.NotReadyReasons.ToImmutableArray()))],
        Audit = options.Audit.Mode,
        AuditSink = options.Audit.Sink,
        AuditSigned = audit.IsSigned,
        AuditTrouble = audit.Trouble,
        IsFrontDoor = !options.Cluster.HasSilo,
        AdminKeyFile = File.Exists(data.AdminKeyPath),
        DataOpenToOthers = !OperatingSystem.IsWindows() && (File.GetUnixFileMode(data.Path) & Others) != 0,
        UnknownAgentsAllowed = tenant?.UnknownAgents == UnknownAgents.Allow,
        Metrics = options.Telemetry.Prometheus || options.Telemetry.OtlpEndpoint is not null,
        Privileged = Environment.IsPrivilegedProcess,
        Diagnostics = Environment.GetEnvironmentVariable("DOTNET_EnableDiagnostics") != "0",
    };
}
