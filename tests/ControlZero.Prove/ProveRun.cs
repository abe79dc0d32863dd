using ControlZero.Protocol.V1;
using ControlZero.Servers.Cluster;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Prove;

/// <summary>One proof: limits under load while servers are killed and paused, then until nothing is left; and what the callers counted.</summary>
internal sealed class ProveRun(ProveOptions options, TextWriter progress)
{
    // By then both limits are to be near their end, so that the rest of the time is spent at the edge.
    private const double SpentBy = 0.6;

    private static readonly TimeSpan MostForTheRest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    public async Task<ProveReport> RunAsync(CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync($"{options.Setup}, seed {options.Seed}: servers start");
        await using var cluster = await ServerCluster.StartAsync(
            new ServerClusterOptions { Program = options.Server, Directory = options.Folder, Setup = options.Setup }, cancellationToken);
        var key = await PrepareAsync(cluster, cancellationToken);
        var random = new Random(options.Seed);
        Count[] counts = [new Count(ProvePolicy.OwnLimit, options.Limit), new Count(ProvePolicy.SharedLimit, options.Limit)];
        var misfortune = new Misfortune(cluster, new Random(random.Next()), progress);
        using var callers = new Callers(cluster, key, random);
        using var storm = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        storm.CancelAfter(options.Time);

        var asking = callers.RunAsync(counts, options.Limit / (options.Time.TotalSeconds * SpentBy), storm.Token);
        var telling = TellAsync(counts, storm.Token);
        await misfortune.RunAsync(storm.Token);
        await Task.WhenAll(asking, telling);
        cancellationToken.ThrowIfCancellationRequested();

        await progress.WriteLineAsync("all servers run; the rest of both limits is asked for");
        await SpendRestAsync(callers, counts, cancellationToken);
        return new ProveReport(
            options, misfortune.Kills, misfortune.Pauses, [.. counts.Select(count => LimitReport.Of(count, options.Limit))], cluster.All.Count > 1);
    }

    private async Task<string> PrepareAsync(ServerCluster cluster, CancellationToken cancellationToken)
    {
        using var channel = GrpcChannel.ForAddress(cluster.All[0].Url);
        var created = await new TenantService.TenantServiceClient(channel).CreateTenantAsync(
            new CreateTenantRequest { TenantId = "prove", UnknownAgents = "allow", MaxAgents = 100 }, With(cluster.AdminKey), cancellationToken: cancellationToken);
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = ProvePolicy.Document(options.Limit) }, With(created.Key), cancellationToken: cancellationToken);
        return created.Key;
    }

    private static Metadata With(string key) => new() { { "authorization", $"Bearer {key}" } };

    private async Task TellAsync(Count[] counts, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Step);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await progress.WriteLineAsync(string.Join("; ", counts.Select(count => $"{count.Name}: {count.Granted:N0} of {options.Limit:N0} granted, {count.Failed:N0} without a decision")));
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // Until both are exhausted by the word of a server, and a little longer: what is over-granted is granted then.
    private static async Task SpendRestAsync(Callers callers, Count[] counts, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(MostForTheRest);
        var asking = callers.RunAsync(counts, perSecond: 400, end.Token);
        using var timer = new PeriodicTimer(Step);
        try
        {
            while (await timer.WaitForNextTickAsync(end.Token))
            {
                if (counts.All(count => count.IsExhausted))
                {
                    end.CancelAfter(Step);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        await asking;
        cancellationToken.ThrowIfCancellationRequested();
    }
}
