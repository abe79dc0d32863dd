using System.CommandLine;
using ControlZero.Server.Authentication;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting.Configuration;
using ControlZero.Server.Hosting.Logging;
using ControlZero.Server.Quickstart;

namespace ControlZero.Server.Hosting;

/// <summary>The command line of the server.</summary>
internal static class ServerCommand
{
    private const int Failed = 1;

    private static readonly SettingOptions Settings = new();

    private static readonly Option<bool> Once = new("--once") { Description = "stop after the table instead of serving on" };

    public static RootCommand Build()
    {
        var quickstart = new Command("quickstart", "start, publish the example policy, ask its three questions, show the answers, serve on") { Once };
        quickstart.SetAction((line, cancellation) => RunAsync(
            ServerSettings.Read(Settings.Sources(line, QuickstartRun.Standard)).And(QuickstartRun.Faults),
            host => QuickstartRun.ShowAsync(host, line.GetValue(Once), cancellation),
            serveOn: !line.GetValue(Once),
            cancellation));

        var config = new Command("config", "show every setting, its value and where that comes from; check all as a start would, and start nothing");
        config.SetAction(async (line, _) =>
        {
            var settings = ServerSettings.Read(Settings.Sources(line));
            return settings.Faults.Count == 0 ? await ConfigReport.ShowAsync(settings) : await FailAsync(settings.Options.Logging, settings.Faults);
        });

        var health = new Command("health", "ask the server of these settings, on this machine, whether it is ready; exit code 0: it is, 1: it is not");
        health.SetAction((line, cancellation) => ShowHealthAsync(ServerSettings.Read(Settings.Sources(line)).Options, cancellation));

        var root = new RootCommand("Control Zero Cluster: decides whether AI agents may act. Without a command it serves.") { quickstart, config, health, NewKey() };
        foreach (var option in Settings.All)
        {
            root.Add(option);
        }

        root.SetAction((line, cancellation) =>
            RunAsync(ServerSettings.Read(Settings.Sources(line)), Greeting.ShowAsync, serveOn: true, cancellation));
        return root;
    }

    private static async Task<int> RunAsync(
        ServerSettings settings,
        Func<ServerHost, Task<int>> show,
        bool serveOn,
        CancellationToken cancellationToken)
    {
        if (settings.Faults.Count > 0)
        {
            return await FailAsync(settings.Options.Logging, settings.Faults);
        }

        try
        {
            await using var host = await ServerHost.StartAsync(settings.Options, cancellationToken);
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
            return await FailAsync(settings.Options.Logging, failure.Faults);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }

    // For clusters whose silos have no disk of their own: each of them is given the same file.
    private static Command NewKey()
    {
        var newKey = new Command("new-key", "make a first key and write it, for the file `admin.key` of every server of a cluster that is still to be started");
        newKey.SetAction(async (_, _) =>
        {
            await Console.Out.WriteLineAsync(ApiKey.Generate(test: false).Text);
            return 0;
        });
        return newKey;
    }

    // What is wrong with the settings is not looked at: a server that serves on while a certificate is being replaced is well.
    private static async Task<int> ShowHealthAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        var (ready, answer) = await HealthQuestion.AskAsync(options, cancellationToken);
        await (ready ? Console.Out : Console.Error).WriteLineAsync(ready ? answer : $"controlzero: {answer}");
        return ready ? 0 : Failed;
    }

    private static async Task<int> FailAsync(LoggingOptions logging, IEnumerable<string> faults)
    {
        await StartFailure.WriteAsync(logging.Format, faults);
        return Failed;
    }
}
