using System.Globalization;
using System.Net;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Protocol.V1;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Benchmarks.Agents;

/// <summary>
/// What an agent costs that was asked about once and rests: live bytes of the managed heap of a running server, before and after so many agents
/// were activated by a decision each.
/// </summary>
internal static class RestingAgents
{
    private const int Together = 128;

    private const string Document = """{ "name": "p", "rules": [ { "effect": "allow", "action": "llm.generate", "resource": "model/*" } ] }""";

    private static readonly TimeSpan AtRest = TimeSpan.FromSeconds(30);
    private static readonly TenantId Tenant = TenantId.Parse("bench");
    private static readonly AuthorizeRequest Question = new() { Action = "llm.generate", Resource = "model/openai/gpt-4" };

    /// <summary>Activates agents and prints what one of them holds.</summary>
    /// <param name="count">How many.</param>
    public static async Task<int> RunAsync(int count)
    {
        var data = Directory.CreateTempSubdirectory("cz-agents-");
        await using (var host = await StartAsync(data.FullName))
        {
            await CreateTenantAsync(host);
            var references = host.App.Services.GetRequiredService<AgentReferences>();

            // What the first thousand bring besides themselves, tables and buffers, is not theirs.
            await ActivateAsync(references, 0, 1000);
            var before = LiveBytes();
            for (var done = 0; done < count; done += count / 10)
            {
                await ActivateAsync(references, 1000 + done, count / 10);
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done + (count / 10):N0} of {count:N0} agents"));
            }

            Print(count, "just asked about", before);

            // Until then Orleans also keeps a list of those that were active of late.
            await Task.Delay(AtRest, TimeProvider.System);
            Print(count, "resting", before);
            await host.App.StopAsync();
        }

        data.Delete(recursive: true);
        return 0;
    }

    private static Task ActivateAsync(AgentReferences references, int from, int count) =>
        Parallel.ForAsync(from, from + count, new ParallelOptions { MaxDegreeOfParallelism = Together }, async (number, _) =>
            await references.Get(Tenant, AgentId.Parse(string.Create(CultureInfo.InvariantCulture, $"agent-{number:D7}"))).AuthorizeAsync(Question));

    private static void Print(int count, string state, long before)
    {
        var live = LiveBytes();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count:N0} agents, {state}: {(live - before) / (double)count:N0} bytes each, {live / 1048576:N0} MiB live in all"));
    }

    private static long LiveBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static Task<ServerHost> StartAsync(string data) => ServerHost.StartAsync(
        new ServerOptions
        {
            Data = new DataOptions { Directory = data },
            Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
        },
        CancellationToken.None);

    private static async Task CreateTenantAsync(ServerHost host)
    {
        using var channel = GrpcChannel.ForAddress(Greeting.Addresses(host).Grpc);
        var created = await new TenantService.TenantServiceClient(channel).CreateTenantAsync(
            new CreateTenantRequest { TenantId = Tenant.Value, UnknownAgents = "allow", MaxAgents = 10_000_000 }, Bearer(host.Data.ReadAdminKey()!.Text));
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(new PublishPolicyRequest { Document = Document }, Bearer(created.Key));
    }

    private static Metadata Bearer(string key) => new() { { "authorization", $"Bearer {key}" } };
}
