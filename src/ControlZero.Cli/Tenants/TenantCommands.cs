using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Tenants;

/// <summary><c>cz tenant suspend</c> and <c>cz tenant resume</c>.</summary>
internal static class TenantCommands
{
    public static Command Create(CommandRunner runner) => new("tenant", "Stops tenants, and lets them go on.")
    {
        CreateSuspend(runner), CreateResume(runner),
    };

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
