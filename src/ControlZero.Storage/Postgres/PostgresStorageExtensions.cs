using ControlZero.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Postgres;

/// <summary>
/// Registers membership and grain storage on PostgreSQL, by Orleans' ADO.NET providers. Each of these looks at the database's tables when the
/// silo starts (<see cref="PostgresSchema.CheckAsync"/>), unless <see cref="EnsurePostgresSchema(ISiloBuilder)"/> asks for them to be made.
/// </summary>
/// <remarks>A connection string may be named any number of times: all share one pool, which ends with the host.</remarks>
public static class PostgresStorageExtensions
{
    private const string Invariant = "Npgsql";

    /// <summary>Keeps the cluster's membership in the database. The caller owns and disposes the data source.</summary>
    public static ISiloBuilder UsePostgresClustering(this ISiloBuilder builder, NpgsqlDataSource dataSource) =>
        builder.UsePostgresClustering(_ => dataSource);

    /// <inheritdoc cref="UsePostgresClustering(ISiloBuilder, NpgsqlDataSource)"/>
    /// <param name="builder">The silo.</param>
    /// <param name="connectionString">How to reach the database, in Npgsql's spelling. Time-outs it does not name are 5 s.</param>
    public static ISiloBuilder UsePostgresClustering(this ISiloBuilder builder, string connectionString) =>
        builder.UsePostgresClustering(builder.Services.AddDataSource(connectionString));

    /// <summary>Finds the cluster's silos in the database: for a process that calls grains and hosts none. The caller owns the data source.</summary>
    public static IClientBuilder UsePostgresClustering(this IClientBuilder builder, NpgsqlDataSource dataSource) =>
        builder.UsePostgresClustering(_ => dataSource);

    /// <inheritdoc cref="UsePostgresClustering(IClientBuilder, NpgsqlDataSource)"/>
    /// <param name="builder">The client.</param>
    /// <param name="connectionString">How to reach the database, in Npgsql's spelling. Time-outs it does not name are 5 s.</param>
    public static IClientBuilder UsePostgresClustering(this IClientBuilder builder, string connectionString) =>
        builder.UsePostgresClustering(builder.Services.AddDataSource(connectionString));

    /// <summary>
    /// Keeps the state of grains that name this provider in the database, in the silo's storage serializer. A cleared record leaves an empty
    /// row, so that its ETag is never seen again. The caller owns and disposes the data source.
    /// </summary>
    public static ISiloBuilder AddPostgresGrainStorage(this ISiloBuilder builder, string name, NpgsqlDataSource dataSource) =>
        builder.AddPostgresGrainStorage(name, _ => dataSource);

    /// <inheritdoc cref="AddPostgresGrainStorage(ISiloBuilder, string, NpgsqlDataSource)"/>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The provider's name.</param>
    /// <param name="connectionString">How to reach the database, in Npgsql's spelling. Time-outs it does not name are 5 s.</param>
    public static ISiloBuilder AddPostgresGrainStorage(this ISiloBuilder builder, string name, string connectionString) =>
        builder.AddPostgresGrainStorage(name, builder.Services.AddDataSource(connectionString));

    /// <summary>Has this silo make the tables it needs before anything else (<see cref="PostgresSchema.EnsureAsync"/>).</summary>
    public static ISiloBuilder EnsurePostgresSchema(this ISiloBuilder builder)
    {
        builder.Services.TryAddSingleton<PostgresSchemaRequest>();
        return builder;
    }

    private static ISiloBuilder UsePostgresClustering(this ISiloBuilder builder, Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        builder.Services.AddSchemaStartup(dataSource);
        builder.Services.AddOptions<AdoNetClusteringSiloOptions>().Configure<IServiceProvider>((options, services) =>
        {
            options.Invariant = Invariant;
            options.DataSource = dataSource(services);
        });
        return builder.UseAdoNetClustering((Action<AdoNetClusteringSiloOptions>)(_ => { }));
    }

    private static IClientBuilder UsePostgresClustering(this IClientBuilder builder, Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        builder.Services.AddOptions<AdoNetClusteringClientOptions>().Configure<IServiceProvider>((options, services) =>
        {
            options.Invariant = Invariant;
            options.DataSource = dataSource(services);
        });
        return builder.UseAdoNetClustering((Action<AdoNetClusteringClientOptions>)(_ => { }));
    }

    private static ISiloBuilder AddPostgresGrainStorage(this ISiloBuilder builder, string name, Func<IServiceProvider, NpgsqlDataSource> dataSource)
    {
        builder.Services.AddSchemaStartup(dataSource);

        // A grain's failure crosses to the silo that asked as what it is; Orleans knows no driver's exceptions and would fail at the failure.
        builder.Services.Configure<ExceptionSerializationOptions>(failures => failures.SupportedNamespacePrefixes.Add(nameof(Npgsql)));
        builder.Services.AddOptions<AdoNetGrainStorageOptions>(name).Configure<IServiceProvider>((options, services) =>
        {
            options.Invariant = Invariant;
            options.DataSource = dataSource(services);
            options.GrainStorageSerializer = new StoredPayloadSerializer();
            options.HashPicker = new StorageHasherPicker([new OrleansDefaultHasher()]);
        });
        builder.Services.AddGrainStorage(name, (services, key) => new PostgresGrainStorage(
            AdoNetGrainStorageFactory.Create(services, key),
            services.GetKeyedService<IGrainStorageSerializer>(key) ?? services.GetRequiredService<IGrainStorageSerializer>(),
            services.GetRequiredService<IActivatorProvider>()));
        builder.Services.AddKeyedSingleton<IStoredKeys>(name, (services, _) => new PostgresKeys(
            dataSource(services), services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId));
        return builder;
    }

    private static Func<IServiceProvider, NpgsqlDataSource> AddDataSource(this IServiceCollection services, string connectionString)
    {
        services.TryAddKeyedSingleton(connectionString, (_, _) => PostgresConnection.CreateDataSource(connectionString));
        return provider => provider.GetRequiredKeyedService<NpgsqlDataSource>(connectionString);
    }

    private static void AddSchemaStartup(this IServiceCollection services, Func<IServiceProvider, NpgsqlDataSource> dataSource) =>
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            provider => new PostgresSchemaStartup(dataSource(provider), provider.GetService<PostgresSchemaRequest>()));
}
