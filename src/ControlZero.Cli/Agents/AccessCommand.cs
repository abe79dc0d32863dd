using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Agents;

/// <summary><c>cz access</c>.</summary>
internal static class AccessCommand
{
    private const int PageSize = 1000;

    private static readonly IReadOnlyList<string> Columns = ["RESOURCE", "DECISION", "REASON", "RULE", .. LimitRows.TightestColumns];

    public static Command Create(CommandRunner runner)
    {
        var agent = new Argument<string?>("agent")
        {
            Description = "The agent. Default: $CONTROLZERO_AGENT_ID, else the one the key is bound to.",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => null,
        };
        var action = new Option<string?>("--action") { Description = "What it would do. Default: `llm.generate`.", HelpName = "action" };
        var resources = new Option<string[]>("--resource")
        {
            Description = "What it would do it with; may be repeated. Default: the models that have a price, and the exact resources the policies name.",
            HelpName = "resource",
        };
        var allowedOnly = new Option<bool>("--allowed-only") { Description = "Shows only what is allowed now." };
        var command = new Command("access", "Shows what an agent may use now, and which limit it would reach first. Nothing is counted or charged.")
        {
            agent, action, resources, allowedOnly,
        };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new GetAccessRequest
            {
                AgentId = run.Value(agent) ?? run.AgentOfEnvironment ?? "",
                Action = run.Value(action) ?? "",
                Resources = { run.Value(resources) ?? [] },
                AllowedOnly = run.Value(allowedOnly),
                PageSize = PageSize,
            };
            Show(run, await PagesAsync(run, request, cancellationToken), request.AllowedOnly);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<List<GetAccessResponse>> PagesAsync(Invocation run, GetAccessRequest request, CancellationToken cancellationToken)
    {
        var pages = new List<GetAccessResponse>();
        do
        {
            pages.Add(await run.Client.Enforcement.GetAccessAsync(request, cancellationToken: cancellationToken));
            request.PageToken = pages[^1].NextPageToken;
        }
        while (request.PageToken.Length > 0);

        return pages;
    }

    private static void Show(Invocation run, List<GetAccessResponse> pages, bool allowedOnly)
    {
        // A page's resources name its own limits, by position.
        var entries = pages.SelectMany(page => page.Resources.Select(resource => (Page: page, Resource: resource))).ToList();
        if (run.Report.IsJson)
        {
            run.Report.Json(new { Resources = entries.Select(entry => Shape(entry.Page, entry.Resource)), pages[^1].PolicyEpoch });
        }
        else if (entries.Count == 0)
        {
            run.Report.Words(allowedOnly
                ? "nothing of it is allowed now; leave out `--allowed-only` to see why"
                : "the policies name no resource exactly, and no model has a price; name some with `--resource`");
        }
        else
        {
            var now = run.Host.Clock.GetUtcNow();
            run.Report.Table(Columns, entries.Select(entry => Row(entry.Page, entry.Resource, now)));
        }

        if (pages.Exists(page => page.PolicyEpoch != pages[0].PolicyEpoch))
        {
            run.Report.Words("the policies changed meanwhile: ask again, not all of this was decided under the same");
        }
    }

    private static string[] Row(GetAccessResponse page, ResourceAccess resource, DateTimeOffset now) =>
    [
        resource.Resource,
        Shapes.Word(resource.Decision),
        resource.ReasonCode,
        resource.Policy.Length == 0 ? resource.RuleId : $"{resource.Policy}/{resource.RuleId}",
        .. LimitRows.Tightest(TightestOf(page, resource), now),
    ];

    private static object Shape(GetAccessResponse page, ResourceAccess resource) => new
    {
        resource.Resource,
        Decision = Shapes.Word(resource.Decision),
        resource.ReasonCode,
        resource.Policy,
        resource.RuleId,
        Limits = resource.Limits.Select(index => LimitRows.Shape(page.Limits[index])),
        TightestLimit = TightestOf(page, resource) is { } tightest ? LimitRows.Shape(tightest) : null,
    };

    private static LimitState? TightestOf(GetAccessResponse page, ResourceAccess resource) =>
        resource.HasTightestLimit ? page.Limits[resource.TightestLimit] : null;
}
