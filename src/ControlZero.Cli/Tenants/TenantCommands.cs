using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Tenants;

/// <summary><c>cz tenant list</c>, <c>suspend</c> and <c>resume</c>.</summary>
internal static class TenantCommands
{
    private const int PageSize = 1000;

    public static Command Create(CommandRunner runner) => new("tenant", "Lists tenants, stops them, and lets them go on.")
    {
        CreateList(runner), CreateSuspend(runner), CreateResume(runner),
    };

    private static Command CreateList(CommandRunner runner)
    {
        var command = new Command("list", "Lists all tenants of the cluster, by id.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var tenants = new List<Tenant>();
            var request = new ListTenantsRequest { PageSize = PageSize };
            do
            {
                var page = await run.Client.Tenants.ListTenantsAsync(request, cancellationToken: cancellationToken);
                tenants.AddRange(page.Tenants);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0);

            if (run.Report.IsJson)
            {
                run.Report.Json(new { Tenants = tenants.Select(Shapes.Of) });
                return ExitCodes.Ok;
            }

            run.Report.Table(
                ["TENANT", "UNKNOWN AGENTS", "MAX AGENTS", "DEFAULT ON EMPTY", "SUSPENDED", "SUSPENDED AGENTS", "CREATED"],
                tenants.Select(tenant => new[]
                {
                    tenant.TenantId,
                    tenant.UnknownAgents,
                    Shapes.Number(tenant.MaxAgents),
                    tenant.DefaultOnEmpty,
                    tenant.Suspension is null ? "" : "yes",
                    Shapes.Number(tenant.SuspendedAgents),
                    Shapes.Instant(tenant.CreatedAt) ?? "",
                }));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateSuspend(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The tenant." };
        var reason = SuspensionReport.ReasonOption();
        var command = new Command("suspend", "Stops every agent of a tenant until it is resumed.") { id, reason };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new SuspendTenantRequest { TenantId = run.Value(id), Reason = run.Value(reason) ?? "" };
            var answer = await run.Client.Tenants.SuspendTenantAsync(request, cancellationToken: cancellationToken);
            return SuspensionReport.WriteSuspended(
                run.Report, ("tenant", request.TenantId), answer.Suspension, answer.Unchanged, answer.PolicyEpoch, answer.Acknowledgement);
        });
        return command;
    }

    private static Command CreateResume(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The tenant." };
        var command = new Command("resume", "Lets a suspended tenant go on.") { id };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new ResumeTenantRequest { TenantId = run.Value(id) };
            var answer = await run.Client.Tenants.ResumeTenantAsync(request, cancellationToken: cancellationToken);
            return SuspensionReport.WriteResumed(
                run.Report, ("tenant", request.TenantId), answer.Unchanged, answer.PolicyEpoch, answer.Acknowledgement);
        });
        return command;
    }
}
