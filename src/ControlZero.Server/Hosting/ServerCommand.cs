using System.CommandLine;
using System.Net;
using ControlZero.Abstractions.Tenants;
using ControlZero.Server.Quickstart;

namespace ControlZero.Server.Hosting;

/// <summary>The command line of the server.</summary>
internal static class ServerCommand
{
    private const int Failed = 1;

    private static readonly Option<string> Data = new("--data")
    {
        Description = "directory of everything the server keeps",
        DefaultValueFactory = _ => new ServerOptions().Data,
        Recursive = true,
    };

    private static readonly Option<IPEndPoint> Grpc = Address("--grpc", "where gRPC listens", new ServerOptions().Grpc);

    private static readonly Option<IPEndPoint> Http = Address("--http", "where HTTP listens (health)", new ServerOptions().Http);

    private static readonly Option<TimeSpan> FreshnessBound = new("--freshness-bound")
    {
        Description = "how far this server may be behind the others before it allows nothing more, HH:MM:SS",
        DefaultValueFactory = _ => new ServerOptions().FreshnessBound,
        Recursive = true,
    };

    private static readonly Option<string> UnknownAgentsOfNewServer = new Option<string>("--unknown-agents")
    {
        Description = "what becomes of agents that were never registered, in the tenant `default`; only the first start asks",
        DefaultValueFactory = _ => "deny",
    }.AcceptOnlyFromAmong("deny", "allow");

    private static readonly Option<bool> Once = new("--once") { Description = "stop after the table instead of serving on" };

    public static RootCommand Build()
    {
        var quickstart = new Command("quickstart", "start, publish the example policy, ask its three questions, show the answers, serve on") { Once };
        quickstart.SetAction((line, cancellation) => RunAsync(
            Options(line, UnknownAgents.Allow),
            host => QuickstartRun.ShowAsync(host, line.GetValue(Once), cancellation),
            serveOn: !line.GetValue(Once),
            cancellation));

        var root = new RootCommand("Control Zero Cluster: decides whether AI agents may act. Without a command it serves.")
        {
            Data, Grpc, Http, FreshnessBound, UnknownAgentsOfNewServer, quickstart,
        };
        root.SetAction((line, cancellation) => RunAsync(
            Options(line, line.GetValue(UnknownAgentsOfNewServer) == "allow" ? UnknownAgents.Allow : UnknownAgents.Deny),
            Greeting.ShowAsync,
            serveOn: true,
            cancellation));
        return root;
    }

    private static ServerOptions Options(ParseResult line, UnknownAgents unknownAgents) => new()
    {
        Data = line.GetValue(Data)!,
        Grpc = line.GetValue(Grpc)!,
        Http = line.GetValue(Http)!,
        FreshnessBound = line.GetValue(FreshnessBound),
        DefaultTenant = new TenantSettings { UnknownAgents = unknownAgents },
    };

    private static async Task<int> RunAsync(
        ServerOptions options,
        Func<ServerHost, Task<int>> show,
        bool serveOn,
        CancellationToken cancellationToken)
    {
        try
        {
            await using var host = await ServerHost.StartAsync(options, cancellationToken);
            try
            {
                var code = await show(host);
                if (serveOn && code == 0)
                {
                    await host.App.WaitForShutdownAsync(cancellationToken);
                }

                return code;
            }
            finally
            {
                await host.App.StopAsync(CancellationToken.None);
            }
        }
        catch (StartupException failure)
        {
            await Console.Error.WriteLineAsync($"controlzero: {failure.Message}");
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static Option<IPEndPoint> Address(string name, string description, IPEndPoint standard) => new(name)
    {
        Description = $"{description}, ADDRESS:PORT; port 0 takes a free one",
        DefaultValueFactory = _ => standard,
        Recursive = true,
        CustomParser = result =>
        {
            if (IPEndPoint.TryParse(result.Tokens[0].Value, out var address) && result.Tokens[0].Value.Contains(':', StringComparison.Ordinal))
            {
                return address;
            }

            result.AddError($"{name} `{result.Tokens[0].Value}` is no ADDRESS:PORT; write for example 127.0.0.1:5050");
            return standard;
        },
    };
}
