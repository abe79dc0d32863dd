using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Policies;

[Collection(RunningServerCollection.Name)]
public sealed class PolicyHistoryTests(RunningServer server)
{
    private const string Allow = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
    private const string Deny = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);
    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task Rollback_PublishesTheOldDocumentUnderANewNumber_AndItDecides()
    {
        var (_, key) = await server.NewTenantWithAsync(Allow, Deny);
        Assert.Equal(Decision.Deny, (await AskAsync(key)).Decision);

        var back = await _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p", Version = 1, ExpectedVersion = 2 }, server.With(key));
        var again = await _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p", Version = 1 }, server.With(key));

        Assert.Equal((3L, 3UL, false), (back.Policy.Version, back.PolicyEpoch, back.Unchanged));
        Assert.Equal((3L, 3UL, true), (again.Policy.Version, again.PolicyEpoch, again.Unchanged));
        Assert.Equal(["embedded"], back.Acknowledgement.AcknowledgedSilos);
        var answer = await AskAsync(key, back.PolicyEpoch);
        Assert.Equal((Decision.Allow, 3L), (answer.Decision, answer.PolicyVersion));
        Assert.Equal(Allow, (await _policies.GetPolicyAsync(new GetPolicyRequest { Name = "p" }, server.With(key))).Document);
    }

    [Fact]
    public async Task Rollback_ToWhatIsNotThere_OrOverAnotherVersion_ChangesNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(Allow, Deny);

        await RpcAssert.FailsAsync(StatusCode.NotFound, "POLICY_NOT_FOUND", _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "q", Version = 1 }, server.With(key)));
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "POLICY_VERSION_NOT_FOUND", _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p", Version = 3 }, server.With(key)));
        await RpcAssert.FailsAsync(
            StatusCode.Aborted, "VERSION_CONFLICT", _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p", Version = 1, ExpectedVersion = 1 }, server.With(key)));
        await RpcAssert.RefusesAsync(_policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p" }, server.With(key)), ("version", "NUMBER_RANGE"));

        Assert.Equal(Decision.Deny, (await AskAsync(key)).Decision);
    }

    [Fact]
    public async Task ListPolicyVersions_ShowsThemNewestFirst_PageByPage()
    {
        var (_, key) = await server.NewTenantWithAsync(Allow, Deny, Allow);

        var first = await _policies.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { Name = "p", PageSize = 2 }, server.With(key));
        var last = await _policies.ListPolicyVersionsAsync(
            new ListPolicyVersionsRequest { Name = "p", PageSize = 2, PageToken = first.NextPageToken }, server.With(key));

        Assert.Equal([3L, 2L], first.Versions.Select(version => version.Version));
        Assert.Equal([1L], last.Versions.Select(version => version.Version));
        Assert.Equal((3L, "", 3L), (first.VersionInForce, last.NextPageToken, last.VersionInForce));
        Assert.Equal(first.Versions[0].Digest, last.Versions[0].Digest);
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "POLICY_NOT_FOUND", _policies.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { Name = "q" }, server.With(key)));
        await RpcAssert.RefusesAsync(
            _policies.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { Name = "p", PageToken = "x" }, server.With(key)), ("page_token", "PAGE_TOKEN_INVALID"));
    }

    [Fact]
    public async Task Delete_TakesItOutOfForce_AndPublishedAgainItGoesOnWithItsNumbers()
    {
        var (_, key) = await server.NewTenantWithAsync(Allow);
        Assert.Equal(Decision.Allow, (await AskAsync(key)).Decision);
        await RpcAssert.FailsAsync(
            StatusCode.Aborted, "VERSION_CONFLICT", _policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "p", ExpectedVersion = 2 }, server.With(key)));

        var deleted = await _policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "p", ExpectedVersion = 1 }, server.With(key));

        var answer = await AskAsync(key, deleted.PolicyEpoch);
        Assert.Equal((Decision.Deny, "NO_ACTIVE_POLICIES", 2UL), (answer.Decision, answer.ReasonCode, deleted.PolicyEpoch));
        Assert.Equal(["embedded"], deleted.Acknowledgement.AcknowledgedSilos);
        Assert.Empty((await _policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key))).Policies);
        await RpcAssert.FailsAsync(StatusCode.NotFound, "POLICY_NOT_FOUND", _policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "p" }, server.With(key)));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "POLICY_NOT_FOUND", _policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "\u0000" }, server.With(key)));
        var published = await _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Allow, ExpectedVersion = 0 }, server.With(key));
        Assert.Equal((2L, false), (published.Policy.Version, published.Unchanged));
    }

    [Fact]
    public async Task DeleteAndRollback_OfAnotherTenantsPolicy_LookLikeNone()
    {
        var (_, theirs) = await server.NewTenantWithAsync(Allow);
        var (_, mine) = await server.NewTenantAsync();

        await RpcAssert.FailsAsync(StatusCode.NotFound, "POLICY_NOT_FOUND", _policies.DeletePolicyAsync(new DeletePolicyRequest { Name = "p" }, server.With(mine)));
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "POLICY_NOT_FOUND", _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p", Version = 1 }, server.With(mine)));

        Assert.Equal(Decision.Allow, (await AskAsync(theirs)).Decision);
    }

    private async Task<EnforceResponse> AskAsync(string key, ulong epoch = 0) =>
        await _enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "a:x", MinPolicyEpoch = epoch }, server.With(key));
}
