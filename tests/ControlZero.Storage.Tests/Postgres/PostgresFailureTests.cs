using System.Net.Sockets;
using ControlZero.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Serialization;

namespace ControlZero.Storage.Tests.Postgres;

/// <summary>What a grain throws when its database fails is told to whoever asked from another silo.</summary>
public sealed class PostgresFailureTests
{
    [Fact]
    public void FailureOfTheDriver_CrossesToAnotherSilo()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseOrleans(silo => silo.UseLocalhostClustering().AddPostgresGrainStorage("state", "Host=127.0.0.1;Username=nobody;Database=none"));
        using var host = builder.Build();
        var serializer = host.Services.GetRequiredService<Serializer>();
        Exception failure = new OrleansException("it could not be read", new NpgsqlException("the connection was closed", new SocketException(111)));

        var there = serializer.Deserialize<Exception>(serializer.SerializeToArray(failure));

        Assert.IsType<OrleansException>(there);
        Assert.Equal("the connection was closed", Assert.IsAssignableFrom<NpgsqlException>(there.InnerException).Message);
    }
}
