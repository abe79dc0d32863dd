using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit query</c>.</summary>
internal static class QueryCommand
{
    private const int Most = 100_000;
    private const int PageSize = 1000;

    public static Command Create(CommandRunner runner)
    {
        var options = new EventOptions();
        var limit = new Option<int>("--limit") { Description = $"At most so many events, 1 to {Most}. Default: 50.", HelpName = "number", DefaultValueFactory = _ => 50 };
        var command = new Command("query", "Shows events of the tenant, the newest first.") { limit };
        foreach (var option in options.Filters.Concat(options.Times))
        {
            command.Add(option);
        }

        runner.Bind(command, async (run, cancellationToken) =>
        {
            var wanted = run.Value(limit) is >= 1 and <= Most and var number
                ? number
                : throw CommandFailure.Usage($"--limit is not from 1 to {Most}; for more use `cz audit export`");
            var events = new List<AuditEvent>();
            var unreachable = new SortedSet<string>(StringComparer.Ordinal);
            await foreach (var page in PagesAsync(run, options.Query(run), wanted, cancellationToken))
            {
                events.AddRange(page.Events);
                unreachable.UnionWith(page.UnreachableSilos);
            }

            Show(run, events, unreachable);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Pages until so many events came, or all.</summary>
    public static async IAsyncEnumerable<QueryEventsResponse> PagesAsync(
        Invocation run,
        QueryEventsRequest request,
        long wanted,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        QueryEventsResponse page;
        do
        {
            request.PageSize = (int)Math.Min(wanted, PageSize);
            page = await run.Client.Audit.QueryEventsAsync(request, cancellationToken: cancellationToken);
            wanted -= page.Events.Count;
            request.PageToken = page.NextPageToken;
            yield return page;
        }
        while (page.NextPageToken.Length > 0 && wanted > 0);
    }

    /// <summary>Says of whom nothing is shown.</summary>
    public static void Warn(Invocation run, IReadOnlyCollection<string> unreachable)
    {
        if (unreachable.Count > 0)
        {
            run.Report.Words($"events are missing: the log of {string.Join(", ", unreachable.Select(silo => $"`{silo}`"))} could not be read just now");
        }
    }

    private static void Show(Invocation run, List<AuditEvent> events, SortedSet<string> unreachable)
    {
        if (run.Report.IsJson)
        {
            run.Report.Json(new { Events = events.Select(EventShapes.Of), UnreachableSilos = unreachable });
        }
        else if (events.Count == 0)
        {
            run.Report.Words("no event matches");
        }
        else
        {
            run.Report.Table(EventShapes.Columns, events.Select(EventShapes.Row));
        }

        Warn(run, unreachable);
    }
}
