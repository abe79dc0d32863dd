using ControlZero.Servers.Cluster;

namespace ControlZero.Prove;

/// <summary>Kills one server and pauses another, every few seconds; an embedded one is alone, and is killed only.</summary>
internal sealed class Misfortune(ServerCluster cluster, Random random, TextWriter progress)
{
    public int Kills { get; private set; }

    public int Pauses { get; private set; }

    /// <summary>Goes on until it is cancelled. When it returns, all servers run.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await WaitAsync(2_000, 4_000, stop);
                var killed = cluster.All[random.Next(cluster.All.Count)];
                var paused = cluster.All.Count > 1 ? cluster.All.Where(server => server != killed).ElementAt(random.Next(cluster.All.Count - 1)) : null;
                await StrikeAsync(killed, paused, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task StrikeAsync(ClusterServer killed, ClusterServer? paused, CancellationToken stop)
    {
        try
        {
            if (paused is not null)
            {
                await progress.WriteLineAsync($"server {paused.Number} is paused");
                paused.Pause();
                Pauses++;
            }

            await WaitAsync(200, 2_000, stop);
            await progress.WriteLineAsync($"server {killed.Number} is killed");
            Kills++;
            await killed.KillAsync();
            await WaitAsync(1_000, 4_000, stop);
        }
        finally
        {
            paused?.Continue();
            if (!killed.IsRunning)
            {
                await killed.StartAsync(CancellationToken.None);
                await progress.WriteLineAsync($"server {killed.Number} serves again");
            }
        }
    }

    private Task WaitAsync(int least, int most, CancellationToken stop) =>
        Task.Delay(TimeSpan.FromMilliseconds(random.Next(least, most)), TimeProvider.System, stop);
}
