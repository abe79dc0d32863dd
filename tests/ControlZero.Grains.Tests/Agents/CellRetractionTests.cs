using ControlZero.Abstractions.Agents;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Grains.Tests.Agents;

/// <summary>Front doors that decide while the agent's activation comes and goes.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class CellRetractionTests(TwoSilos silos)
{
    private const int Threads = 4;
    private const int Activations = 60;
    private const string AllowA = """{ "name": "p", "rules": [ { "allow": "llm.generate", "resource": "model/a/*" } ] }""";

    [Fact]
    public async Task Usage_DecidedOnCellsOfManyActivations_IsWhatWasAnswered()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-retraction");
        await tenant.PublishAsync(AllowA);
        var agent = await tenant.RegisterAsync("bot", silos.First);
        var cells = silos.Cluster.Silos[0].ServiceProvider.GetRequiredService<AgentCells>();
        using var stop = new CancellationTokenSource();
        var doors = Enumerable.Range(0, Threads)
            .Select(seed => Task.Factory.StartNew(
                () => DecideUntil(cells, tenant, new Random(seed), stop.Token),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))
            .ToList();

        // Each activation ends while decisions are made on its cell; nobody but this loop calls the grain, so nothing is counted elsewhere.
        var cellsSeen = new HashSet<AgentCell>();
        for (var round = 0; round < Activations; round++)
        {
            await agent.AuthorizeAsync(TestTenant.Ask() with { DryRun = true });
            var cell = cells.Find(tenant.Id, AgentId.Parse("bot"))!;
            Assert.True(cellsSeen.Add(cell));
            await UntilCountedAsync(cell);
            await silos.Cluster.DeactivateAsync(agent);
            Assert.Null(cell.Decide(TestTenant.Ask()));
        }

        await stop.CancelAsync();
        var answered = await Task.WhenAll(doors);
        var usage = await agent.GetUsageAsync(CancellationToken.None);

        Assert.Equal(
            (answered.Sum(counts => counts.Allowed), answered.Sum(counts => counts.Denied)),
            (usage!.Allowed, usage.Denied));
    }

    private static (long Allowed, long Denied) DecideUntil(AgentCells cells, TestTenant tenant, Random random, CancellationToken stop)
    {
        var (allowed, denied) = (0L, 0L);
        var agent = AgentId.Parse("bot");
        while (!stop.IsCancellationRequested)
        {
            var request = TestTenant.Ask(random.Next(2) == 0 ? "model/a/x" : "model/b/x") with { DryRun = random.Next(8) == 0 };
            if (cells.Find(tenant.Id, agent)?.Decide(request) is not { } answer)
            {
                Thread.Yield();
            }
            else if (!request.DryRun)
            {
                _ = answer.Decision.Allowed ? allowed++ : denied++;
            }
        }

        return (allowed, denied);
    }

    private static async Task UntilCountedAsync(AgentCell cell)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (cell.Unsaved.IsNone)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
