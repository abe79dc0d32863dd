using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy list</c>.</summary>
internal static class ListCommand
{
    private const int PageSize = 1000;

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("list", "Lists the policies of the tenant in the order they are evaluated.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var policies = new List<PolicyVersion>();
            var request = new ListPoliciesRequest { PageSize = PageSize };
            ListPoliciesResponse page;
            do
            {
                page = await run.Client.Policies.ListPoliciesAsync(request, cancellationToken: cancellationToken);
                policies.AddRange(page.Policies);
                request.PageToken = page.NextPageToken;
            }
            while (page.NextPageToken.Length > 0);

            if (run.Report.IsJson)
            {
                run.Report.Json(new { Policies = policies.Select(Shapes.Of), page.PolicyEpoch });
            }
            else
            {
                Print(run.Report, policies);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Print(Report report, List<PolicyVersion> policies)
    {
        if (policies.Count == 0)
        {
            report.Words("no policy is published; publish one with `cz policy publish FILE`");
            return;
        }

        report.Table(
            ["POLICY", "VERSION", "PRIORITY", "ENABLED", "MODE", "RULES", "PUBLISHED", "DESCRIPTION"],
            policies.Select(policy => new[]
            {
                policy.Name,
                Shapes.Number(policy.Version),
                policy.Priority.ToString(CultureInfo.InvariantCulture),
                policy.Enabled ? "yes" : "no",
                Shapes.Mode(policy),
                policy.RuleCount.ToString(CultureInfo.InvariantCulture),
                Shapes.Instant(policy.PublishedAt) ?? "",
                policy.Description,
            }));
    }
}
