using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>The epoch of a publish travels with the question, whichever way it is asked.</summary>
public sealed class MinPolicyEpochTests : SeveralServersTest
{
    private const ulong Epoch = ulong.MaxValue;
    private readonly EnforceQuery _query = About("agent-1") with { MinPolicyEpoch = Epoch };

    [Fact]
    public async Task Check_CarriesTheEpoch_AndNoneUnlessTheProgramSaysOne()
    {
        AllAllow();
        var client = Client();

        await client.CheckAsync(_query);
        await client.EnforceAsync(_query);
        await client.CheckAsync(About("agent-1"));

        Assert.Equal([Epoch, Epoch, 0UL], First("agent-1").Received<EnforceRequest>().Select(asked => asked.MinPolicyEpoch));
    }

    [Fact]
    public async Task CheckBatch_EachQuestionCarriesItsOwn()
    {
        First("agent-1").On<EnforceBatchRequest>(batch => new EnforceBatchResponse
        {
            Results = { batch.Requests.Select(_ => new EnforceBatchResult { Response = Answers.Allow() }) },
        });

        await Client().CheckBatchAsync([_query, About("agent-2"), _query with { MinPolicyEpoch = 7 }]);

        Assert.Equal([Epoch, 0, 7], First("agent-1").Received<EnforceBatchRequest>().Single().Requests.Select(asked => asked.MinPolicyEpoch));
    }

    [Fact]
    public async Task Stream_CarriesTheEpoch_AlsoWhenTheQuestionGoesOnAsASingleCall()
    {
        AllAllow();
        Servers[0].On<EnforceStreamRequest>(_ => new EnforceStreamResponse { Error = new Google.Rpc.Status { Code = (int)StatusCode.Unavailable, Message = "not now" } });
        await using var stream = Client().OpenStream();

        Assert.True((await stream.CheckAsync(_query)).Allowed);

        Assert.Equal(Epoch, Servers[0].Received<EnforceStreamRequest>().Single().Enforce.MinPolicyEpoch);
        Assert.Equal(Epoch, Servers.SelectMany(server => server.Received<EnforceRequest>()).Single().MinPolicyEpoch);
    }

    [Fact]
    public async Task Epoch_ThatIsNotReached_IsAnErrorThatSaysBoth_AndNobodyElseIsAsked()
    {
        foreach (var server in Servers)
        {
            server.Fail<EnforceRequest>(NotReached());
        }

        var client = Client(configure: options => (options.OnUnavailable, options.MaxAttempts) = (OnUnavailable.Allow, 10));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => client.CheckAsync(_query));

        Assert.Equal((StatusCode.FailedPrecondition, "POLICY_EPOCH_NOT_REACHED"), (error.StatusCode, error.Reason));
        Assert.Equal(("9", "7"), (error.Metadata["expected"], error.Metadata["current"]));
        Assert.Equal(1, Servers.Sum(server => server.Calls.Count));
    }

    [Fact]
    public async Task Server_ThatCannotLookWhetherItIsReached_IsPassedOverWithTheSameQuestion()
    {
        AllAllow();
        First("agent-1").Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable, "the cluster cannot reach its state", "STATE_UNAVAILABLE"));

        Assert.True((await Client().CheckAsync(_query)).Allowed);

        var asked = Servers.SelectMany(server => server.Received<EnforceRequest>()).ToList();
        Assert.Equal([Epoch, Epoch], asked.Select(request => request.MinPolicyEpoch));
        Assert.Equal(asked[0].RequestId, asked[1].RequestId);
    }

    private static RpcException NotReached() => Answers.Error(
        StatusCode.FailedPrecondition,
        "the tenant's policy epoch is 7, not yet 9",
        "POLICY_EPOCH_NOT_REACHED",
        new Dictionary<string, string> { ["expected"] = "9", ["current"] = "7" });
}
