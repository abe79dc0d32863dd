using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Connection;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Keys;

/// <summary><c>cz key create</c>, <c>list</c> and <c>revoke</c>.</summary>
internal static class KeyCommands
{
    public static Command Create(CommandRunner runner) => new("key", "Creates, lists and revokes API keys.")
    {
        CreateCreate(runner), CreateList(runner), CreateRevoke(runner),
    };

    private static Command CreateCreate(CommandRunner runner)
    {
        var scopes = new Option<string[]>("--scopes")
        {
            Description = "What the key may do, for example `enforce,policy:read`: enforce, policy:read, policy:write, agent:write, audit:read, admin.",
            HelpName = "a,b",
            Required = true,
        };
        var agents = new Option<string[]>("--agents") { Description = "Globs over the agents it may speak for. Default: those of your own key.", HelpName = "g,h" };
        var name = new Option<string?>("--name") { Description = "What the key is for.", HelpName = "text" };
        var expires = new Option<string?>("--expires") { Description = "When it ends: `30d` from now, or `2027-01-31T00:00:00Z`. Default: never.", HelpName = "time" };
        var command = new Command("create", "Creates a key and prints it, this once. Facts about it go to stderr.") { scopes, agents, name, expires };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new CreateKeyRequest { Name = run.Value(name) ?? "", Scopes = { Words(run.Value(scopes)) }, Agents = { Words(run.Value(agents)) } };
            if (run.Value(expires) is { } end)
            {
                request.ExpiresAt = Timestamp.FromDateTimeOffset(ReadEnd(end, run.Host.Clock));
            }

            var answer = await run.Client.Tenants.CreateKeyAsync(request, cancellationToken: cancellationToken);
            if (BeyondItsAgents(answer.KeyInfo) is { } warning)
            {
                run.Report.Words(warning);
            }

            if (run.Report.IsJson)
            {
                run.Report.Json(new { answer.Key, KeyInfo = Shapes.Of(answer.KeyInfo) });
                return ExitCodes.Ok;
            }

            run.Report.Line(answer.Key);
            run.Report.Words($"{Describe(answer.KeyInfo)}\nkeep it now: it is not shown again");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateList(CommandRunner runner)
    {
        var command = new Command("list", "Lists the keys of the tenant, ended ones among them.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var keys = new List<Key>();
            var request = new ListKeysRequest();
            do
            {
                var page = await run.Client.Tenants.ListKeysAsync(request, cancellationToken: cancellationToken);
                keys.AddRange(page.Keys);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);

            if (run.Report.IsJson)
            {
                run.Report.Json(new { Keys = keys.Select(Shapes.Of) });
                return ExitCodes.Ok;
            }

            run.Report.Table(
                ["KEY", "NAME", "SCOPES", "AGENTS", "CREATED", "ENDS", "REVOKED"],
                keys.Select(key => new[]
                {
                    key.KeyId,
                    key.Name,
                    string.Join(",", key.Scopes),
                    key.Agents.Count == 0 ? "all" : string.Join(",", key.Agents),
                    Shapes.Instant(key.CreatedAt) ?? "",
                    Shapes.Instant(key.ExpiresAt) ?? "",
                    Shapes.Instant(key.RevokedAt) ?? "",
                }));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateRevoke(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The key's public id: the 12 characters after `cz_live_` or `cz_test_`." };
        var command = new Command("revoke", "Ends a key for good.") { id };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var answer = await run.Client.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = run.Value(id) }, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { KeyInfo = Shapes.Of(answer.KeyInfo), Acknowledgement = Shapes.Of(answer.Acknowledgement) });
                return ExitCodes.Ok;
            }

            run.Report.Facts([
                ("key", answer.KeyInfo.KeyId),
                ("name", answer.KeyInfo.Name),
                ("revoked", Shapes.Instant(answer.KeyInfo.RevokedAt)),
                .. AcknowledgementFacts.Of(answer.Acknowledgement),
            ]);
            return ExitCodes.Ok;
        });
        return command;
    }

    // Of the key that was made: without `--agents` it has those of the key that made it.
    private static string? BeyondItsAgents(Key key)
    {
        string[] wide = [.. key.Scopes.Where(scope => scope is "policy:write" or "admin")];
        if (wide.Length == 0 || key.Agents.Count == 0 || key.Agents.Contains("*"))
        {
            return null;
        }

        var scopes = string.Join(" and ", wide.Select(scope => $"`{scope}`"));
        return $"warning: {scopes} {(wide.Length > 1 ? "decide" : "decides")} about every agent, not only {string.Join(",", key.Agents)}: policies and models are the tenant's\n" +
            $"  if that is not meant, `cz key revoke {key.KeyId}` and make one with other scopes; " +
            "`enforce`, `policy:read`, `agent:write` and `audit:read` decide about no agents but its own";
    }

    private static string Describe(Key key) =>
        $"key {key.KeyId}{(key.Name.Length > 0 ? $" ({key.Name})" : "")}: scopes {string.Join(",", key.Scopes)}; " +
        $"agents {(key.Agents.Count == 0 ? "all" : string.Join(",", key.Agents))}; {(key.ExpiresAt is null ? "does not expire" : $"expires {Shapes.Instant(key.ExpiresAt)}")}";

    private static IEnumerable<string> Words(string[]? lists) =>
        (lists ?? []).SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static DateTimeOffset ReadEnd(string text, TimeProvider clock)
    {
        if (Durations.TryParse(text, out var time))
        {
            return clock.GetUtcNow() + time;
        }

        // An instant without its offset means another moment on another machine.
        string[] forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
        return text.AsSpan().IndexOfAny('Z', '+') >= 0 || text.LastIndexOf('-') > "yyyy-MM-dd".Length
            ? DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant) ? instant : throw NoEnd(text)
            : throw NoEnd(text);
    }

    private static CommandFailure NoEnd(string text) =>
        CommandFailure.Usage($"`--expires {text}` is neither a length of time nor an instant; write `30d` or `2027-01-31T00:00:00Z`");
}
