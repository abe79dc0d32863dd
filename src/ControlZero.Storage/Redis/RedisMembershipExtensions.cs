using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace ControlZero.Storage.Redis;

/// <summary>
/// Registers membership on Redis, by Orleans' own provider. Membership only: a Redis that restarts may have lost its last second, which
/// membership outlives and a quota does not.
/// </summary>
public static class RedisMembershipExtensions
{
    /// <summary>Keeps the cluster's membership in Redis, under <c>{ServiceId}/members/{ClusterId}</c>.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="connectionString">How to reach it, in the spelling of StackExchange.Redis: <c>host:port,password=…,ssl=true</c>.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public static ISiloBuilder UseRedisMembership(this ISiloBuilder builder, string connectionString)
    {
        var settings = Parse(connectionString);
        return builder.UseRedisClustering(options => options.ConfigurationOptions = settings);
    }

    /// <summary>Finds the cluster's silos in Redis: for a process that calls grains and hosts none.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="connectionString">How to reach it, in the spelling of StackExchange.Redis.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public static IClientBuilder UseRedisMembership(this IClientBuilder builder, string connectionString)
    {
        var settings = Parse(connectionString);
        return builder.UseRedisClustering(options => options.ConfigurationOptions = settings);
    }

    /// <summary>Connects once and asks whether it answers.</summary>
    /// <param name="connectionString">How to reach it, in the spelling of StackExchange.Redis.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    /// <exception cref="RedisException">It cannot be reached, or does not let us in.</exception>
    public static async Task CheckAsync(string connectionString, CancellationToken cancellationToken = default)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Parse(connectionString)).WaitAsync(cancellationToken);
        await connection.GetDatabase().PingAsync().WaitAsync(cancellationToken);
    }

    private static ConfigurationOptions Parse(string connectionString)
    {
        try
        {
            var settings = ConfigurationOptions.Parse(connectionString);
            return settings.EndPoints.Count > 0 ? settings : throw new ArgumentException("it names no server");
        }
        catch (Exception failure) when (failure is ArgumentException or FormatException)
        {
            // Not with the string, which may hold a password.
            throw new ArgumentException(
                $"the Redis connection string cannot be read: {failure.Message}; write it as `host:port,password=…`",
                nameof(connectionString),
                failure);
        }
    }
}
