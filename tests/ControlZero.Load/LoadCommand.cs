using System.CommandLine;
using ControlZero.Load.Echo;
using ControlZero.Load.Generation;
using ControlZero.Load.Measuring;
using ControlZero.Load.Reports;

namespace ControlZero.Load;

/// <summary>The command line.</summary>
internal static class LoadCommand
{
    private static readonly Option<string> Server = new("--server") { Description = "the server's program, built in Release", Required = true };

    private static readonly Option<double> Seconds = Bounded("--seconds", "length of one sample, in seconds", 4.0, 0.2, 60);

    private static readonly Option<double> LongestWarmUp = Bounded(
        "--warm-up", "how long each scenario is driven before the first round at most, until the server's compiler rests, in seconds", 60.0, 0.2, 120);

    private static readonly Option<int> Rounds = Bounded("--rounds", "how often every scenario is measured", 3, 1, 25);

    private static readonly Option<int> Agents = Bounded("--agents", "the largest number of agents", 100_000, 1, 1_000_000);

    private static readonly Option<double> Rate = Bounded("--rate", "rate of the open loop, calls a second", 5_000.0, 100, 100_000);

    private static readonly Option<string> Only = new("--only")
    {
        Description = "measure only the scenarios whose names hold this text", DefaultValueFactory = _ => "",
    };

    private static readonly Option<bool> Limits = new("--limits") { Description = "measure servers with limits too" };

    private static readonly Option<string?> Cerbos = new("--cerbos") { Description = "the program of Cerbos, to be asked the same question" };

    private static readonly Option<bool> Quick = new("--quick") { Description = "one round of one second and at most 1,000 agents: does it work at all" };

    private static readonly Option<bool> Json = new("--json") { Description = "print JSON instead of a Markdown table" };

    private static readonly Option<string?> Chart = new("--chart") { Description = "draw the chart into this SVG file" };

    private static readonly Option<int> ResponseBytes = new("--response-bytes") { Required = true };

    public static RootCommand Build()
    {
        var echo = new Command("echo", "serve as the yardstick") { ResponseBytes };
        echo.Hidden = true;
        echo.SetAction((line, stop) => EchoServer.RunAsync(line.GetValue(ResponseBytes), stop));

        var root = new RootCommand("Measures the server beside a bare gRPC echo, turn about in one run. Only the ratios are to be trusted.")
        {
            Server, Seconds, LongestWarmUp, Rounds, Agents, Rate, Only, Limits, Cerbos, Quick, Json, Chart, echo,
        };
        root.SetAction(RunAsync);
        return root;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var quick = line.GetValue(Quick);
        var run = new LoadRun(
            line.GetValue(Server)!,
            quick ? Math.Min(1_000, line.GetValue(Agents)) : line.GetValue(Agents),
            quick ? 1 : line.GetValue(Rounds),
            TimeSpan.FromSeconds(quick ? 1 : line.GetValue(Seconds)),
            TimeSpan.FromSeconds(quick ? 1 : line.GetValue(LongestWarmUp)),
            line.GetValue(Rate),
            line.GetValue(Only)!,
            line.GetValue(Limits),
            line.GetValue(Cerbos));
        if (run.Scenarios.Count == 0)
        {
            await Console.Error.WriteLineAsync($"load: no scenario's name holds `{run.Only}`; they are: {string.Join("; ", Scenario.All(run.Agents, run.Rate, run.Limits, run.Cerbos is not null).Select(each => each.Name))}");
            return 2;
        }

        try
        {
            var report = await run.RunAsync(Console.Error, cancellationToken);
            await Console.Out.WriteAsync(line.GetValue(Json) ? JsonReport.Write(report) + "\n" : MarkdownReport.Write(report));
            if (line.GetValue(Chart) is { } file)
            {
                await File.WriteAllTextAsync(file, SvgChart.Draw(report), cancellationToken);
            }

            return 0;
        }
        catch (Exception failure) when (failure is LoadException or IOException or Grpc.Core.RpcException)
        {
            await Console.Error.WriteLineAsync($"load: {failure.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("load: stopped");
            return 1;
        }
    }

    private static Option<T> Bounded<T>(string name, string description, T standard, T least, T most)
        where T : IComparable<T>
    {
        var option = new Option<T>(name) { Description = $"{description}, {least} to {most}", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<T>() is { } value && (value.CompareTo(least) < 0 || value.CompareTo(most) > 0))
            {
                result.AddError($"{name} `{value}` is out of bounds; take {least} to {most}");
            }
        });
        return option;
    }
}
