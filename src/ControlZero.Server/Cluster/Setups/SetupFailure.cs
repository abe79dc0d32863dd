using Azure;
using Azure.Identity;
using ControlZero.Server.Hosting;
using ControlZero.Storage.Embedded;
using ControlZero.Storage.Postgres;
using StackExchange.Redis;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>Why a start failed, where the reason lies with what the server stores in: one line that says what to look at.</summary>
internal static class SetupFailure
{
    /// <summary>The reason as a line for the operator, or the failure itself when it is none of these.</summary>
    public static Exception Explain(Exception failure) => Find(failure) ?? failure;

    private static StartupException? Find(Exception failure) => failure switch
    {
        StartupException known => known,
        EmbeddedStorageException or PostgresStorageException => new StartupException(failure.Message, failure),
        RequestFailedException or AuthenticationFailedException => new StartupException(
            $"Azure Storage cannot be used: {OneLine(failure)}; check Azure:Connection or the endpoints, the network and the rights of the identity",
            failure),
        RedisException => new StartupException(
            $"the Redis that keeps the membership cannot be used: {OneLine(failure)}; check that it runs, and Redis:Connection", failure),
        AggregateException several => several.InnerExceptions.Select(Find).FirstOrDefault(found => found is not null),
        { InnerException: { } inner } => Find(inner),
        _ => null,
    };

    private static string OneLine(Exception failure) => failure.Message.Split('\n', '\r')[0].Split(". ")[0].TrimEnd('.', ' ');
}
