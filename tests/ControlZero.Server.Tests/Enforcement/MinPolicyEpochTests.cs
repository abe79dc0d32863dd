using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

[Collection(RunningServerCollection.Name)]
public sealed class MinPolicyEpochTests(RunningServer server)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task Enforce_WithTheEpochOfAPublish_IsDecidedUnderIt()
    {
        var (_, key) = await server.NewTenantAsync();
        var published = await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = AllowAll }, server.With(key));

        var answer = await _enforcement.EnforceAsync(Ask(published.PolicyEpoch), server.With(key));

        Assert.Equal((Decision.Allow, published.PolicyEpoch), (answer.Decision, answer.PolicyEpoch));
    }

    [Theory]
    [InlineData(2UL)]
    [InlineData(ulong.MaxValue)]
    public async Task Enforce_WithAnEpochThatNobodyWasTold_IsRefusedAndNotCounted(ulong epoch)
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);

        var error = await RpcAssert.FailsAsync(
            StatusCode.FailedPrecondition, "POLICY_EPOCH_NOT_REACHED", _enforcement.EnforceAsync(Ask(epoch), server.With(key)));

        Assert.Equal(("1", epoch.ToString(System.Globalization.CultureInfo.InvariantCulture)), (error.Metadata["current"], error.Metadata["expected"]));
        Assert.Null(await server.UsageAsync(key));
    }

    [Fact]
    public async Task Batch_WithOneEpochNotReached_DecidesTheOthers()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);

        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Ask(0), Ask(2), Ask(1) } }, server.With(key));

        Assert.Equal([Decision.Allow, null, Decision.Allow], answer.Results.Select(result => result.Response?.Decision));
        Assert.Equal((int)StatusCode.FailedPrecondition, answer.Results[1].Error.Code);
        Assert.Equal((2, 0), await server.UsageAsync(key));
    }

    [Fact]
    public async Task TestPolicy_WithAnEpoch_IsRefused() => await RpcAssert.RefusesAsync(
        new PolicyService.PolicyServiceClient(server.Channel).TestPolicyAsync(
            new TestPolicyRequest { Documents = { AllowAll }, Requests = { Ask(1) } }, server.With()),
        ("requests[0].min_policy_epoch", "FIELD_VALUE"));

    private static EnforceRequest Ask(ulong epoch) => new() { AgentId = "bot", Action = "a:x", MinPolicyEpoch = epoch };
}
