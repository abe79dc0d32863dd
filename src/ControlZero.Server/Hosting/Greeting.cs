using ControlZero.Server.Tenants;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ControlZero.Server.Hosting;

/// <summary>What a server says when it has started.</summary>
internal static class Greeting
{
    public static async Task<int> ShowAsync(ServerHost host)
    {
        var (grpc, http) = Addresses(host);
        await Console.Out.WriteLineAsync($"controlzero {Cluster.ClusterService.Version} serves");
        await Console.Out.WriteLineAsync($"  gRPC    {grpc}");
        await Console.Out.WriteLineAsync($"  health  {http}/health/ready");
        await Console.Out.WriteLineAsync($"  data    {host.Data.Path}");
        await ShowKeyAsync(host);
        return 0;
    }

    /// <summary>Says where the first key is. The key itself is shown once, to a person at a terminal, and never to a log.</summary>
    public static async Task ShowKeyAsync(ServerHost host)
    {
        if (!File.Exists(host.Data.AdminKeyPath))
        {
            return;
        }

        await Console.Out.WriteLineAsync($"  key     {host.Data.AdminKeyPath}");
        if (host.App.Services.GetService<FirstKey>() is { WasCreated: true } && !Console.IsOutputRedirected)
        {
            await Console.Out.WriteLineAsync($"          {host.Data.ReadAdminKey()!.Text}  (shown this once)");
        }
    }

    /// <summary>Where the two ports are, as URLs.</summary>
    public static (string Grpc, string Http) Addresses(ServerHost host)
    {
        var bound = host.App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        return (bound[0], bound[1]);
    }
}
