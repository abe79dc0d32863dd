using ControlZero.Server.Audit;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting.Configuration;
using ControlZero.Server.Hosting.Logging;
using ControlZero.Server.Hosting.Tls;
using ControlZero.Server.Prices;
using ControlZero.Server.Telemetry;

namespace ControlZero.Server.Hosting;

/// <summary>What an operator decides about one server, a section each.</summary>
internal sealed record ServerOptions
{
    /// <summary>Where it keeps its things.</summary>
    public DataOptions Data { get; init; } = new();

    /// <summary>Where it listens.</summary>
    public ListenOptions Listen { get; init; } = new();

    /// <summary>What cluster it is a part of.</summary>
    public ClusterSettings Cluster { get; init; } = new();

    /// <summary>The cluster's Azure Storage account.</summary>
    public AzureSettings Azure { get; init; } = new();

    /// <summary>The cluster's PostgreSQL database.</summary>
    public PostgresSettings Postgres { get; init; } = new();

    /// <summary>The cluster's Redis.</summary>
    public RedisSettings Redis { get; init; } = new();

    /// <summary>Who it proves to be, and who callers must prove to be.</summary>
    public TlsOptions Tls { get; init; } = new();

    /// <summary>What it says on stderr.</summary>
    public LoggingOptions Logging { get; init; } = new();

    /// <summary>How far it may be behind the others.</summary>
    public FreshnessSettings Freshness { get; init; } = new();

    /// <summary>How many tenants its cluster may have.</summary>
    public TenancySettings Tenants { get; init; } = new();

    /// <summary>How its answers are recorded.</summary>
    public AuditSettings Audit { get; init; } = new();

    /// <summary>What models cost.</summary>
    public PriceSettings Prices { get; init; } = new();

    /// <summary>What it tells about itself, and to whom.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>How it stops.</summary>
    public ShutdownOptions Shutdown { get; init; } = new();

    /// <summary>The tenant that the first start makes.</summary>
    public DefaultTenantOptions DefaultTenant { get; init; } = new();

    /// <summary>Reads every section there is. A new section is a line here and one in <see cref="Faults"/>.</summary>
    public static ServerOptions Read(SettingReader reader) => new()
    {
        Data = DataOptions.Read(reader),
        Listen = ListenOptions.Read(reader),
        Cluster = ClusterSettings.Read(reader),
        Azure = AzureSettings.Read(reader),
        Postgres = PostgresSettings.Read(reader),
        Redis = RedisSettings.Read(reader),
        Tls = TlsOptions.Read(reader),
        Logging = LoggingOptions.Read(reader),
        Freshness = FreshnessSettings.Read(reader),
        Tenants = TenancySettings.Read(reader),
        Audit = AuditSettings.Read(reader),
        Prices = PriceSettings.Read(reader),
        Telemetry = TelemetryOptions.Read(reader),
        Shutdown = ShutdownOptions.Read(reader),
        DefaultTenant = DefaultTenantOptions.Read(reader),
    };

    /// <summary>What cannot be seen from one value alone: sections against each other, files that are named.</summary>
    public IReadOnlyList<string> Faults() => [.. Listen.Faults(Tls.IsOn), .. SetupFaults.Of(this), .. Tls.Faults(TimeProvider.System), .. Audit.Faults(Azure), .. Telemetry.Faults(), .. Prices.Faults()];

    /// <summary>These options, when nothing is wrong with them.</summary>
    /// <exception cref="StartupException">Something is; the message names all of it.</exception>
    public ServerOptions Check() => Faults() is { Count: > 0 } faults ? throw new StartupException(faults) : this;
}
