using ControlZero.Abstractions;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;

namespace ControlZero.Storage.Embedded;

/// <summary>Registers the embedded storage.</summary>
public static class EmbeddedStorageExtensions
{
    /// <summary>Keeps the state of grains that name this provider in the given database. The caller owns and disposes the database.</summary>
    public static ISiloBuilder AddEmbeddedGrainStorage(this ISiloBuilder builder, string name, EmbeddedDatabase database)
    {
        builder.Services.AddGrainStorage(
            name,
            (services, _) => ActivatorUtilities.CreateInstance<EmbeddedGrainStorage>(services, database));
        builder.Services.AddKeyedSingleton<IStoredKeys>(name, new EmbeddedKeys(database));
        return builder;
    }
}
