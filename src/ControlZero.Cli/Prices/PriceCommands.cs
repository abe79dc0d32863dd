using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Cli.Policies;
using ControlZero.Engine.Prices;

namespace ControlZero.Cli.Prices;

/// <summary><c>cz prices import</c> and <c>show</c>: by this program's own engine, without a connection.</summary>
internal static class PriceCommands
{
    private const string FileHelp = "A price table: our own, LiteLLM's `model_prices_and_context_window.json`, or models.dev's `api.json`; `-` reads stdin.";

    public static Command Create(CommandRunner runner) => new("prices", "Reads price tables.") { CreateImport(runner), CreateShow(runner) };

    private static Command CreateImport(CommandRunner runner)
    {
        var file = new Argument<string>("file") { Description = FileHelp };
        var version = new Option<string?>("--version-name") { Description = "What to call this version. Default: its digest.", HelpName = "text" };
        var command = new Command("import", "Writes a table in our own format to stdout, for the server's setting Prices:File. Entries that are wrong are named and left out.")
        {
            file, version,
        };
        runner.Bind(command, (run, _) =>
        {
            var table = Read(run, run.Value(file), run.Value(version));
            run.Report.Verbatim(PriceFile.Write(table));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static Command CreateShow(CommandRunner runner)
    {
        var file = new Argument<string>("file") { Description = FileHelp };
        var models = new Argument<string[]>("model") { Description = "Models to show, as requests name them. Default: all.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("show", "Shows what models cost: exit code 4 when one that is named has no price.") { file, models };
        runner.Bind(command, (run, _) =>
        {
            var table = Read(run, run.Value(file), null);
            var named = run.Value(models);
            var found = named.Length == 0
                ? table.Models.Select(model => (model.Name, Model: (PricedModel?)model)).ToList()
                : [.. named.Select(name => (name, table.Find(name.StartsWith("model/", StringComparison.Ordinal) ? name : $"model/{name}")))];
            Show(run.Report, table, found);
            return Task.FromResult(found.TrueForAll(entry => entry.Model is not null) ? ExitCodes.Ok : ExitCodes.Findings);
        });
        return command;
    }

    private static PriceTable Read(Invocation run, string file, string? version)
    {
        var read = PriceFile.Read(PolicyFiles.Read(run.Host, file), version);
        foreach (var finding in read.Findings)
        {
            run.Report.Words(finding.ToString());
        }

        if (read.Table is not { } table)
        {
            throw CommandFailure.Usage($"`{file}` is no price table");
        }

        run.Report.Words($"{read.Format}: {table.Models.Length} names, {read.Findings.Count} findings, {read.Skipped} entries without a price per token; version {table.Version}, digest {table.Digest}");
        return table;
    }

    private static void Show(Report report, PriceTable table, List<(string Name, PricedModel? Model)> found)
    {
        if (report.IsJson)
        {
            report.Json(new
            {
                table.Version,
                table.Digest,
                unit = PriceFile.Unit,
                models = found.Select(entry => new
                {
                    entry.Name,
                    entry.Model?.Price.Input,
                    entry.Model?.Price.Output,
                    entry.Model?.Price.CachedInput,
                    entry.Model?.Price.CacheWrite,
                    entry.Model?.Price.Reasoning,
                    LongPromptOver = entry.Model?.LongPrompt?.Over,
                }),
            });
            return;
        }

        report.Table(
            ["MODEL", "INPUT", "OUTPUT", "CACHED", "CACHE WRITE", "REASONING", "LONG PROMPT"],
            found.Select(entry => entry.Model is not { } model ? [entry.Name, "no price", "", "", "", "", ""] : new[]
            {
                entry.Name,
                Dollars(model.Price.Input),
                Dollars(model.Price.Output),
                Dollars(model.Price.CachedInput),
                Dollars(model.Price.CacheWrite),
                Dollars(model.Price.Reasoning),
                model.LongPrompt is { } tier ? string.Create(CultureInfo.InvariantCulture, $"over {tier.Over:#,0}: {Dollars(tier.Price.Input)}, {Dollars(tier.Price.Output)}") : "",
            }));
        report.Words("dollars per million tokens");
    }

    private static string Dollars(long micros) => string.Create(CultureInfo.InvariantCulture, $"${micros / 1_000_000m:#,0.00####}");
}
