using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class CallerMistakeTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };

    [Theory]
    [InlineData(StatusCode.InvalidArgument)]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.PermissionDenied)]
    [InlineData(StatusCode.Unimplemented)]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.AlreadyExists)]
    [InlineData(StatusCode.FailedPrecondition)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.Unknown)]
    [InlineData(StatusCode.Cancelled)]
    public async Task Check_ErrorThatIsNoOutage_ThrowsThoughTheProgramSaysAllow(StatusCode code)
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(code, "it is wrong"));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckAsync(Query));

        Assert.Equal((code, "", "it is wrong"), (error.StatusCode, error.Reason, error.Message));
        Assert.IsType<RpcException>(error.InnerException);
    }

    [Fact]
    public async Task Check_ErrorWithDetails_TellsReasonFactsAndFields()
    {
        var fields = new BadRequest
        {
            FieldViolations = { new BadRequest.Types.FieldViolation { Field = "agent_id", Reason = "ID_SYNTAX", Description = "write `agent-1`" } },
        };
        Cluster.Fail<EnforceRequest>(Answers.Error(
            StatusCode.InvalidArgument, "`Agent-1` is no agent id", "ID_SYNTAX", new Dictionary<string, string> { ["field"] = "agent_id" }, fields));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client().CheckAsync(Query));

        Assert.Equal(("ID_SYNTAX", "`Agent-1` is no agent id"), (error.Reason, error.Message));
        Assert.Equal("agent_id", error.Metadata["field"]);
        Assert.Equal([new FieldViolation("agent_id", "ID_SYNTAX", "write `agent-1`")], error.Violations);
    }

    [Fact]
    public async Task Check_DetailsThatCannotBeRead_DoNotHideTheError()
    {
        var broken = new RpcException(new Grpc.Core.Status(StatusCode.PermissionDenied, "no"), new Metadata { { "grpc-status-details-bin", new byte[] { 0xff, 0xff, 0xff } } });
        Cluster.Fail<EnforceRequest>(broken);

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client().CheckAsync(Query));

        Assert.Equal((StatusCode.PermissionDenied, "no"), (error.StatusCode, error.Message));
    }

    [Fact]
    public async Task Publish_RefusedDocument_TellsEveryFinding()
    {
        var findings = new PolicyFindings { Diagnostics = { new Diagnostic { Line = 3, Column = 5, Code = "UNKNOWN_FIELD" }, new Diagnostic { Line = 4, Code = "EMPTY_LIST" } } };
        Cluster.Fail<PublishPolicyRequest>(Answers.Error(StatusCode.InvalidArgument, "2 findings", "POLICY_INVALID", null, findings));

        var error = await Assert.ThrowsAsync<ControlZeroException>(async () => await Client().Policies.PublishPolicyAsync(new PublishPolicyRequest()));

        Assert.Equal("POLICY_INVALID", error.Reason);
        Assert.Equal(["UNKNOWN_FIELD", "EMPTY_LIST"], error.Findings.Select(finding => finding.Code));
    }

    [Fact]
    public void BlockingCall_Error_IsDecodedToo()
    {
        Cluster.Fail<GetStatusRequest>(Answers.Error(StatusCode.Unauthenticated, "no", "KEY_INVALID"));

        var error = Assert.Throws<ControlZeroException>(() => Client().Cluster.GetStatus(new GetStatusRequest()));

        Assert.Equal("KEY_INVALID", error.Reason);
    }

    [Fact]
    public async Task Error_OfAnyKind_DoesNotRepeatTheKey()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.Unauthenticated, "the key is not valid"));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client().CheckAsync(Query));

        Assert.DoesNotContain(Key, error.ToString(), StringComparison.Ordinal);
    }
}
