using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Tenants;

[Collection(RunningServerCollection.Name)]
public sealed class SuspensionTests(RunningServer server)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";

    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);
    private readonly AgentService.AgentServiceClient _agents = new(server.Channel);
    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task SuspendAgent_ThenResume_StopsItInBetween()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        Assert.Equal("RULE_MATCH", await ReasonAsync(key));

        var suspended = await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot", Reason = "it ran away" }, server.With(key));
        var answer = await _enforcement.EnforceAsync(Ask(suspended.PolicyEpoch), server.With(key));
        var shown = await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key));
        var resumed = await _agents.ResumeAgentAsync(new ResumeAgentRequest { AgentId = "bot" }, server.With(key));

        Assert.Equal((Decision.Deny, "AGENT_SUSPENDED", "synthetic:AGENT_SUSPENDED", "the agent is suspended: it ran away"),
            (answer.Decision, answer.ReasonCode, answer.RuleId, answer.Reason));
        Assert.Equal(suspended.Suspension, shown.Agent.Suspension);
        Assert.Equal(("it ran away", 2UL, false, 3UL, false),
            (shown.Agent.Suspension.Reason, suspended.PolicyEpoch, suspended.Unchanged, resumed.PolicyEpoch, resumed.Unchanged));
        AssertAcknowledged(suspended.Acknowledgement);
        AssertAcknowledged(resumed.Acknowledgement);
        Assert.Equal("RULE_MATCH", await ReasonAsync(key));
        Assert.Null((await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key))).Agent.Suspension);
    }

    [Fact]
    public async Task SuspendAgent_ThatIsNotRegistered_IsShownWithoutBeingRegistered()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);

        await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot" }, server.With(key));
        var again = await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot", Reason = "later" }, server.With(key));

        Assert.Equal((true, ""), (again.Unchanged, again.Suspension.Reason));
        Assert.Equal("AGENT_SUSPENDED", await ReasonAsync(key));
        var shown = await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal((0L, true), (shown.Agent.Version, shown.Agent.CreatedAt is null));
        Assert.Null(await server.UsageAsync(key));
    }

    [Fact]
    public async Task SuspendTenant_ThenResume_StopsItInBetween_AndOnlyIt()
    {
        var (tenant, key) = await server.NewTenantWithAsync(AllowAll);
        var (_, other) = await server.NewTenantWithAsync(AllowAll);
        Assert.Equal("RULE_MATCH", await ReasonAsync(key));

        var suspended = await _tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = tenant, Reason = "unpaid" }, server.With());
        await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot" }, server.With(key));
        var shown = await _tenants.GetTenantAsync(new GetTenantRequest { TenantId = tenant }, server.With());

        Assert.Equal("TENANT_SUSPENDED", await ReasonAsync(key));
        Assert.Equal("RULE_MATCH", await ReasonAsync(other));
        Assert.Equal((suspended.Suspension, 1), (shown.Tenant.Suspension, shown.Tenant.SuspendedAgents));
        AssertAcknowledged(suspended.Acknowledgement);
        var resumed = await _tenants.ResumeTenantAsync(new ResumeTenantRequest { TenantId = tenant }, server.With());
        AssertAcknowledged(resumed.Acknowledgement);
        Assert.Equal("AGENT_SUSPENDED", await ReasonAsync(key));
        Assert.Null((await _tenants.GetTenantAsync(new GetTenantRequest { TenantId = tenant }, server.With())).Tenant.Suspension);
    }

    [Fact]
    public async Task SuspendTenant_ThatIsNotThere_IsNotFound()
    {
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "TENANT_NOT_FOUND", _tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = "nowhere" }, server.With()));
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "TENANT_NOT_FOUND", _tenants.ResumeTenantAsync(new ResumeTenantRequest { TenantId = "nowhere" }, server.With()));
    }

    [Fact]
    public async Task SuspendAgent_OfTheSameNameInAnotherTenant_StaysThere()
    {
        var (_, mine) = await server.NewTenantWithAsync(AllowAll);
        var (_, theirs) = await server.NewTenantWithAsync(AllowAll);

        await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot" }, server.With(theirs));

        Assert.Equal("RULE_MATCH", await ReasonAsync(mine));
        Assert.Equal("AGENT_SUSPENDED", await ReasonAsync(theirs));
    }

    [Fact]
    public async Task SuspendAndResume_OutsideTheBinding_AreRefusedWhetherItExistsOrNot()
    {
        var (_, admin) = await server.NewTenantWithAsync(AllowAll);
        await ReasonAsync(admin);
        var bound = await server.NewKeyAsync(admin, ["agent:write"], "mine-*");

        foreach (var agent in new[] { "bot", "nobody" })
        {
            await RpcAssert.FailsAsync(
                StatusCode.PermissionDenied, "AGENT_NOT_BOUND", _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = agent }, server.With(bound)));
            await RpcAssert.FailsAsync(
                StatusCode.PermissionDenied, "AGENT_NOT_BOUND", _agents.ResumeAgentAsync(new ResumeAgentRequest { AgentId = agent }, server.With(bound)));
        }

        Assert.Equal("RULE_MATCH", await ReasonAsync(admin));
    }

    [Fact]
    public async Task Suspend_WithBadFields_NamesThem()
    {
        var (tenant, key) = await server.NewTenantAsync();
        var longReason = new string('ä', 129);

        await RpcAssert.RefusesAsync(
            _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot", Reason = longReason }, server.With(key)), ("reason", "FIELD_TOO_LONG"));
        await RpcAssert.RefusesAsync(
            _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot", Reason = "a\nb" }, server.With(key)), ("reason", "NAME_SYNTAX"));
        await RpcAssert.RefusesAsync(
            _tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = tenant, Reason = longReason }, server.With()), ("reason", "FIELD_TOO_LONG"));
        await RpcAssert.RefusesAsync(
            _tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = "A" }, server.With()), ("tenant_id", "ID_SYNTAX"));
        await RpcAssert.RefusesAsync(
            _tenants.ResumeTenantAsync(new ResumeTenantRequest { TenantId = "A" }, server.With()), ("tenant_id", "ID_SYNTAX"));
    }

    [Fact]
    public async Task PublishAndRevoke_AnswerWhoAcknowledged()
    {
        var (_, key) = await server.NewTenantAsync();
        var created = await _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } }, server.With(key));
        var policies = new PolicyService.PolicyServiceClient(server.Channel);

        var published = await policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll }, server.With(key));
        var unchanged = await policies.PublishPolicyAsync(new PublishPolicyRequest { Document = AllowAll }, server.With(key));
        var revoked = await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(key));

        AssertAcknowledged(published.Acknowledgement);
        AssertAcknowledged(unchanged.Acknowledgement);
        AssertAcknowledged(revoked.Acknowledgement);
    }

    private static void AssertAcknowledged(Acknowledgement acknowledgement)
    {
        Assert.Equal(["embedded"], acknowledgement.AcknowledgedSilos);
        Assert.Empty(acknowledgement.PendingSilos);
        Assert.NotNull(acknowledgement.EnforcedBy);
    }

    private static EnforceRequest Ask(ulong epoch = 0) => new() { AgentId = "bot", Action = "a:x", MinPolicyEpoch = epoch };

    private async Task<string> ReasonAsync(string key) => (await _enforcement.EnforceAsync(Ask(), server.With(key))).ReasonCode;
}
