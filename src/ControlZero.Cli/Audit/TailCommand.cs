using System.CommandLine;
using System.Text.Json;
using ControlZero.Cli.Commands;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit tail</c>.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(15);

    private static readonly JsonSerializerOptions Line = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create(CommandRunner runner)
    {
        var options = new EventOptions();
        var cursor = new Option<string?>("--cursor") { Description = "Go on where an earlier tail ended: what it said on stderr. Default: from now on.", HelpName = "cursor" };
        var count = new Option<int?>("--count") { Description = "End after so many events. Default: never, Ctrl-C ends it.", HelpName = "number" };
        var command = new Command("tail", "Shows events as they become durable, a line each; with --output json, a JSON document each. Goes on by itself when a server is gone.")
        {
            cursor, count,
        };
        foreach (var option in options.Filters)
        {
            command.Add(option);
        }

        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new TailEventsRequest { Filter = options.Filter(run), Cursor = run.Value(cursor) ?? "" };
            var left = run.Value(count) ?? int.MaxValue;
            try
            {
                await FollowAsync(run, request, left, cancellationToken);
            }
            catch (Exception ended) when (cancellationToken.IsCancellationRequested && ended is OperationCanceledException or ControlZeroException)
            {
                // Ctrl-C is how it ends.
            }

            run.Report.Words($"go on with --cursor {request.Cursor}");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task FollowAsync(Invocation run, TailEventsRequest request, int left, CancellationToken cancellationToken)
    {
        for (var pause = Pause; left > 0;)
        {
            try
            {
                using var tail = run.Client.Audit.TailEvents(request, cancellationToken: cancellationToken);
                while (left > 0 && await tail.ResponseStream.MoveNext(cancellationToken))
                {
                    pause = Pause;
                    foreach (var audited in tail.ResponseStream.Current.Events.Take(left))
                    {
                        Print(run, audited);
                    }

                    // Of a message that is not shown to its end the cursor before it is kept: an event may come again, none is passed over.
                    request.Cursor = tail.ResponseStream.Current.Events.Count > left ? request.Cursor : tail.ResponseStream.Current.Cursor;
                    left -= Math.Min(left, tail.ResponseStream.Current.Events.Count);
                    QueryCommand.Warn(run, tail.ResponseStream.Current.UnreachableSilos);
                }
            }
            catch (ControlZeroException failure) when (failure.StatusCode is StatusCode.Unavailable && request.Cursor.Length > 0)
            {
                run.Report.Words($"{failure.Message}; trying again");
                await Task.Delay(pause, run.Host.Clock, cancellationToken);
                pause = pause * 2 < LongPause ? pause * 2 : LongPause;
            }
        }
    }

    private static void Print(Invocation run, AuditEvent audited)
    {
        if (run.Report.IsJson)
        {
            run.Host.Out.WriteLine(JsonSerializer.Serialize(EventShapes.Of(audited), Line));
        }
        else
        {
            run.Report.Line(string.Join("  ", EventShapes.Row(audited).Where(cell => cell.Length > 0)));
        }

        run.Host.Out.Flush();
    }
}
