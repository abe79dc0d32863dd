using ControlZero.Grains.Feed;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting.Logging;
using ControlZero.Server.Policies;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;
using ControlZero.Server.Tenants;
using ControlZero.Storage.Embedded;

namespace ControlZero.Server.Hosting;

/// <summary>Puts the server together: directory, database, silo, front door, health.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly DataDirectory _data;
    private readonly EmbeddedDatabase _database;

    private ServerHost(DataDirectory data, EmbeddedDatabase database, WebApplication app)
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
    /// <exception cref="StartupException">It cannot start.</exception>
    public static async Task<ServerHost> StartAsync(
        ServerOptions options,
        CancellationToken cancellationToken,
        Action<IServiceCollection>? alsoAdd = null)
    {
        var data = DataDirectory.Open(options.Check().Data.Directory);
        EmbeddedDatabase? database = null;
        WebApplication? app = null;
        try
        {
            // What can be found wrong before the silo is started costs one line.
            data.ReadAdminKey();
            database = EmbeddedDatabase.Open(data.DatabasePath);
            ListenerExtensions.CheckFree(options);
            app = Build(options, data, database, alsoAdd);
            await app.StartAsync(cancellationToken);
            return new ServerHost(data, database, app);
        }
        catch (Exception failure)
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            database?.Dispose();
            data.Dispose();
            throw Explain(failure);
        }
    }

    /// <summary>Stops it in order: front door, silo, database, lock.</summary>
    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _database.Dispose();
        _data.Dispose();
    }

    private static WebApplication Build(
        ServerOptions options,
        DataDirectory data,
        EmbeddedDatabase database,
        Action<IServiceCollection>? alsoAdd)
    {
        // Configured by its own file and variables: an empty builder reads none of a framework's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.AddLogging(options.Logging);
        builder.ConfigureListeners(options);
        builder.UseEmbeddedSilo(database);
        builder.Services.AddSingleton(options);
        builder.Services.Configure<FreshnessOptions>(freshness => freshness.Bound = options.Freshness.Bound);
        builder.Services.AddSingleton(data);
        builder.Services.AddSingleton<PolicyTrial>();
        builder.Services.AddSingleton<FirstKey>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FirstKey>());
        builder.Services.AddFrontDoor();
        builder.Services.AddHealth(options.Shutdown);
        builder.AddTelemetry(options.Telemetry);
        alsoAdd?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseHostFiltering();
        return app.MapFrontDoor().MapTelemetry().MapHealth();
    }

    private static Exception Explain(Exception failure) => failure switch
    {
        EmbeddedStorageException => new StartupException(failure.Message, failure),
        _ => failure,
    };
}
