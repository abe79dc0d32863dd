using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hostile.Rows;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Hostile;

/// <summary>TestPolicy may cost more than a decision, and that too has an end.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class TestPolicyCostTests(RunningServer server)
{
    [Fact]
    public async Task TestPolicy_OfManyCostlyRequests_IsRefusedWithTheLimit()
    {
        var target = await HostileTarget.CreateAsync(server);
        var pattern = $"'*{new string('a', 250)}b'";
        var request = new TestPolicyRequest
        {
            Documents = { $"name: p\nrules: [{string.Join(',', Enumerable.Repeat($"{{allow: '*', resource: {pattern}}}", 100))}]" },
        };
        request.Requests.Add(Enumerable.Repeat(HostileTarget.Ask(one => one.Resource = new string('a', 1024)), 200));

        var status = await target.FailsAsync(
            target.Policies.TestPolicyAsync(request, target.Headers), Grpc.Core.StatusCode.InvalidArgument, "TEST_TOO_COSTLY");

        Assert.Equal("480000000", status!.GetDetail<Google.Rpc.ErrorInfo>().Metadata["limit"]);
    }

    [Fact]
    public async Task TestPolicy_OfTooMuchText_IsRefusedWithTheLimit()
    {
        var target = await HostileTarget.CreateAsync(server);
        var request = new TestPolicyRequest();
        request.Documents.Add(Enumerable.Repeat("name: p\nrules: [{allow: a}]\n#".PadRight(64 * 1024, 'x'), 5));

        await target.RefusedAsync(
            target.Policies.TestPolicyAsync(request, target.Headers), "documents", "POLICY_TOO_LARGE", 262_144, 327_680);
    }
}
