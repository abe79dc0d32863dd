using System.Net;
using ControlZero.Audit.Log;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Tenants;
using ControlZero.Server.Audit;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting.Logging;
using ControlZero.Server.Policies;
using ControlZero.Server.Policies.Replay;
using ControlZero.Server.Prices;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;
using ControlZero.Storage.Embedded;

namespace ControlZero.Server.Hosting;

/// <summary>Puts the server together: directory, database, silo, front door, health.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly DataDirectory _data;
    private readonly EmbeddedDatabase? _database;

    private ServerHost(DataDirectory data, EmbeddedDatabase? database, WebApplication app)
    {
        _data = data;
        _database = database;
        App = app;
    }

    /// <summary>The web application.</summary>
    public WebApplication App { get; }

    /// <summary>Where it keeps its things.</summary>
    public DataDirectory Data => _data;

    /// <summary>Starts a server. When it returns, both ports are open and the silo is active.</summary>
    /// <param name="options">What the operator decided.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="alsoAdd">Services to add after its own: how tests look inside. Null: none.</param>
    /// <param name="freePort">Picks a port for a silo that may have any. Null: a free one.</param>
    /// <exception cref="StartupException">It cannot start.</exception>
    public static async Task<ServerHost> StartAsync(
        ServerOptions options,
        CancellationToken cancellationToken,
        Action<IServiceCollection>? alsoAdd = null,
        Func<int>? freePort = null)
    {
        var data = DataDirectory.Open(options.Check().Data.Directory);
        EmbeddedDatabase? database = null;
        try
        {
            // What can be found wrong before the silo is started costs one line.
            data.ReadAdminKey();
            database = options.Cluster.HasPeers ? null : data.OpenDatabase();
            ListenerExtensions.CheckFree(options);
            await SetupTrial.RunAsync(options, cancellationToken);
            var app = await StartAsync(
                port => Build(options, data, database, port, alsoAdd),
                SiloPort(options.Cluster),
                freePort ?? (() => SiloPorts.Free(SiloAddress(options.Cluster))),
                cancellationToken);
            return new ServerHost(data, database, app);
        }
        catch (Exception failure)
        {
            database?.Dispose();
            data.Dispose();
            throw SetupFailure.Explain(failure);
        }
    }

    /// <summary>Stops it in order: front door, silo, database, lock.</summary>
    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _database?.Dispose();
        _data.Dispose();
    }

    private static WebApplication Build(
        ServerOptions options,
        DataDirectory data,
        EmbeddedDatabase? database,
        int siloPort,
        Action<IServiceCollection>? alsoAdd)
    {
        // Configured by its own file and variables: an empty builder reads none of a framework's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.AddLogging(options.Logging);
        builder.ConfigureListeners(options);
        if (options.Cluster.HasSilo)
        {
            builder.UseSilo(options, database, siloPort);
        }
        else
        {
            builder.UseGateways(options);
        }

        builder.Services.AddSingleton(options);
        builder.Services.Configure<FreshnessOptions>(freshness => freshness.Bound = options.Freshness.Bound);
        builder.Services.Configure<TenancyOptions>(tenancy => tenancy.Max = options.Tenants.Max);
        builder.Services.AddSingleton(data);
        builder.Services.AddPrices(options.Prices);
        builder.Services.AddSingleton<PolicyTrial>();
        builder.Services.AddFrontDoor();
        builder.AddAudit(options, data);
        builder.Services.AddSingleton(services => new PolicyReplay(
            services.GetService<ClusterLog>(), services.GetRequiredService<PolicyCatalog>(), services.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key)));
        builder.Services.AddHealth(options.Shutdown);
        builder.AddTelemetry(options.Telemetry);
        alsoAdd?.Invoke(builder.Services);
        builder.LimitLogging(options.Logging);

        var app = builder.Build();
        app.UseHostFiltering();
        return app.MapFrontDoor().MapTelemetry().MapHealth();
    }

    // A port that was free when it was picked may be taken when the silo listens: then the whole start is made again, with another one.
    private static async Task<WebApplication> StartAsync(
        Func<int, WebApplication> build,
        int wantedPort,
        Func<int> freePort,
        CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = wantedPort == 0 ? freePort() : wantedPort;
            var app = build(port);
            try
            {
                // What a killed server left of its log is recovered before anything new is written.
                app.Services.GetService<IAuditLog>();
                await app.StartAsync(cancellationToken);
                return app;
            }
            catch (Exception failure)
            {
                await app.DisposeAsync();
                if (!SiloPorts.WasTaken(failure))
                {
                    throw;
                }

                if (wantedPort != 0 || attempt == SiloPorts.Attempts)
                {
                    throw new StartupException($"port {port} of the silo is taken by another process; stop that one, or choose another port with --silo ADDRESS:PORT", failure);
                }
            }
        }
    }

    // Nobody else needs to know the port of an embedded silo.
    private static int SiloPort(ClusterSettings cluster) => cluster.HasPeers ? cluster.Silo.Port : 0;

    private static IPAddress SiloAddress(ClusterSettings cluster) => cluster.HasPeers ? cluster.Silo.Address : IPAddress.Loopback;
}
