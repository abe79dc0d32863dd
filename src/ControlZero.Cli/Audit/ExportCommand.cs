using System.CommandLine;
using System.Text;
using System.Text.Json;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Parquet;
using Parquet.Serialization;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit export</c>.</summary>
internal static class ExportCommand
{
    // Rows of a group in a Parquet file.
    private const int GroupSize = 50_000;

    private static readonly JsonSerializerOptions Line = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create(CommandRunner runner)
    {
        var options = new EventOptions();
        var file = new Argument<string>("file") { Description = "Where to. It must not exist yet." };
        var format = new Option<string?>("--format")
        {
            Description = "JSON lines, Parquet, or CSV in which no cell is a formula. Default: by the file's ending, `.jsonl`, `.parquet` or `.csv`.",
            HelpName = "jsonl|parquet|csv",
        };
        format.AcceptOnlyFromAmong("jsonl", "parquet", "csv");
        var command = new Command("export", "Writes events of the tenant into a file, the newest first.") { file, format };
        foreach (var option in options.Filters.Concat(options.Times))
        {
            command.Add(option);
        }

        runner.Bind(command, async (run, cancellationToken) =>
        {
            var path = Path.Combine(run.Host.Directory, run.Value(file));
            var write = (run.Value(format) ?? Path.GetExtension(path).TrimStart('.')) switch
            {
                "jsonl" => (Func<Stream, IReadOnlyList<AuditEvent>, bool, CancellationToken, Task>)WriteLinesAsync,
                "parquet" => WriteParquetAsync,
                "csv" => WriteCsvAsync,
                _ => throw CommandFailure.Usage($"`{run.Value(file)}` ends in none of `.jsonl`, `.parquet` and `.csv`; say which form to write with --format"),
            };
            if (File.Exists(path))
            {
                throw new CommandFailure(ExitCodes.Failed, "FILE_EXISTS", $"`{run.Value(file)}` is there already; remove it, or name another file");
            }

            var query = options.Query(run);
            query.To ??= Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(run.Host.Clock.GetUtcNow());
            var (count, unreachable) = await ProgressBar.RunAsync(run.Host, "exporting", bar => WriteAsync(run, query, path, write, bar, cancellationToken));
            if (run.Report.IsJson)
            {
                run.Report.Json(new { File = run.Value(file), Events = count, UnreachableSilos = unreachable });
            }
            else
            {
                run.Report.Words($"{count} events in `{run.Value(file)}`");
            }

            QueryCommand.Warn(run, unreachable);
            return unreachable.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    private static async Task<(long Count, SortedSet<string> Unreachable)> WriteAsync(
        Invocation run,
        QueryEventsRequest query,
        string path,
        Func<Stream, IReadOnlyList<AuditEvent>, bool, CancellationToken, Task> write,
        ProgressBar bar,
        CancellationToken cancellationToken)
    {
        var unreachable = new SortedSet<string>(StringComparer.Ordinal);
        var (count, isFirst, group) = (0L, true, new List<AuditEvent>());
        await using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite);
        await foreach (var page in QueryCommand.PagesAsync(run, query, long.MaxValue, cancellationToken))
        {
            group.AddRange(page.Events);
            unreachable.UnionWith(page.UnreachableSilos);
            count += page.Events.Count;
            bar.Said($"{count} events{(page.Events.Count == 0 ? "" : $", down to {Shapes.Instant(page.Events[^1].Time)}")}");
            if (group.Count >= GroupSize)
            {
                await write(stream, group, isFirst, cancellationToken);
                group.Clear();
                isFirst = false;
            }
        }

        if (group.Count > 0 || isFirst)
        {
            await write(stream, group, isFirst, cancellationToken);
        }

        return (count, unreachable);
    }

    private static async Task WriteLinesAsync(Stream stream, IReadOnlyList<AuditEvent> events, bool isFirst, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        foreach (var audited in events)
        {
            text.Append(JsonSerializer.Serialize(EventShapes.Of(audited), Line)).Append('\n');
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), cancellationToken);
    }

    private static async Task WriteCsvAsync(Stream stream, IReadOnlyList<AuditEvent> events, bool isFirst, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        EventCsv.Write(text, events, isFirst);
        await text.FlushAsync(cancellationToken);
    }

    private static async Task WriteParquetAsync(Stream stream, IReadOnlyList<AuditEvent> events, bool isFirst, CancellationToken cancellationToken) =>
        await ParquetSerializer.SerializeAsync(events.Select(EventRow.Of).ToList(), stream, new ParquetOptions { Append = !isFirst }, cancellationToken: cancellationToken);
}
