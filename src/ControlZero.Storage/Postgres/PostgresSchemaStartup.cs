using Npgsql;

namespace ControlZero.Storage.Postgres;

/// <summary>Makes the tables, when that was asked for, or looks at them, before anything of the silo uses them.</summary>
internal sealed class PostgresSchemaStartup(NpgsqlDataSource dataSource, PostgresSchemaRequest? request) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(PostgresSchemaStartup), ServiceLifecycleStage.First, StartAsync);

    private Task StartAsync(CancellationToken cancellationToken) => request is null
        ? PostgresSchema.CheckAsync(dataSource, cancellationToken)
        : PostgresSchema.EnsureAsync(dataSource, cancellationToken);
}

/// <summary>Its presence asks for the tables to be made.</summary>
internal sealed class PostgresSchemaRequest;
