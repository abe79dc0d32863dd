using System.Collections.Concurrent;
using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>What callers see when servers are killed: their listener and connections are gone from one moment to the next.</summary>
public sealed class KilledServerTests : SeveralServersTest
{
    private const int Calls = 3_000;
    private const int Callers = 24;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Kill_AnyOneOfThreeWhileManyAsk_EveryCallIsDecidedByACluster(int killed)
    {
        AllAllow();
        var decisions = new ConcurrentQueue<EnforceDecision>();
        var underWay = new TaskCompletionSource();
        var asked = 0;
        var client = Client();

        var callers = Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref asked) is var call && call <= Calls)
            {
                decisions.Enqueue(await client.CheckAsync(About($"agent-{call % 300}")));
                if (decisions.Count >= Calls / 3)
                {
                    underWay.TrySetResult();
                }
            }
        })).ToList();
        await underWay.Task.WaitAsync(Patience);
        await Servers[killed].KillAsync();
        await Task.WhenAll(callers).WaitAsync(3 * Patience);

        Assert.Equal(Calls, decisions.Count);
        Assert.Empty(decisions.Where(decision => !decision.Allowed || decision.Source != DecisionSource.Server).Select(decision => decision.Reason));
        Assert.Equal(Calls, Servers.SelectMany(server => server.Received<EnforceRequest>()).Select(request => request.RequestId).Distinct().Count());
        Assert.All(Servers, server => Assert.NotEmpty(server.Calls));
    }

    [Fact]
    public async Task Kill_WithACallUnderWay_AsksAnotherServerWithTheSameRequestId()
    {
        AllAllow();
        var asked = new TaskCompletionSource();
        var never = new TaskCompletionSource<object>();
        Servers[0].On<EnforceRequest>((_, _) =>
        {
            asked.TrySetResult();
            return never.Task;
        });

        var check = Client().CheckAsync(About(AgentOf(Servers[0])));
        await asked.Task.WaitAsync(Patience);
        await Servers[0].KillAsync();
        var decision = await check.WaitAsync(Patience);
        never.SetResult(Answers.Allow());

        Assert.Equal((true, DecisionSource.Server), (decision.Allowed, decision.Source));
        Assert.Single(Servers.SelectMany(server => server.Received<EnforceRequest>()).Select(request => request.RequestId).Distinct());
    }

    [Theory]
    [InlineData(OnUnavailable.Deny)]
    [InlineData(OnUnavailable.Allow)]
    public async Task Kill_AllOfThem_TheClientDecidesAsItIsTold(OnUnavailable choice)
    {
        AllAllow();
        var client = Client(configure: options => options.OnUnavailable = choice);
        await client.CheckAsync(About("agent-1"));

        await Task.WhenAll(Servers.Select(server => server.KillAsync()));
        var decision = await client.CheckAsync(About("agent-1")).WaitAsync(WatchedClock.Patience + Patience);

        Assert.Equal((choice == OnUnavailable.Allow, "STATE_UNAVAILABLE", DecisionSource.Client), (decision.Allowed, decision.ReasonCode, decision.Source));
    }

    [Fact]
    public async Task Kill_TheFirst_AdministrationGoesToTheNext()
    {
        Array.ForEach(Servers, server => server.On<GetStatusRequest>(_ => Answers.Status()).On<ListPoliciesRequest>(_ => new ListPoliciesResponse()));
        await Servers[0].KillAsync();

        await Client().InitializeAsync();
        await Client().Policies.ListPoliciesAsync(new ListPoliciesRequest());
        Client().Policies.ListPolicies(new ListPoliciesRequest());

        Assert.Equal((0, 3, 0), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }

    [Fact]
    public async Task Kill_WithAPublishUnderWay_DoesNotPublishTwice()
    {
        var asked = new TaskCompletionSource();
        var never = new TaskCompletionSource<object>();
        Array.ForEach(Servers, server => server.On<PublishPolicyRequest>((_, _) =>
        {
            asked.TrySetResult();
            return never.Task;
        }));

        var publish = Client().Policies.PublishPolicyAsync(new PublishPolicyRequest()).ResponseAsync;
        await asked.Task.WaitAsync(Patience);
        await Servers[0].KillAsync();
        var error = await Assert.ThrowsAsync<ControlZeroException>(() => publish.WaitAsync(Patience));
        never.SetResult(new PublishPolicyResponse());

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal((1, 0, 0), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }

    [Fact]
    public async Task Administration_ServerSaysUnavailable_IsNotAskedElsewhere()
    {
        Servers[0].Fail<ListPoliciesRequest>(Answers.Error(StatusCode.Unavailable));
        var client = Client();

        await Assert.ThrowsAsync<ControlZeroException>(async () => await client.Policies.ListPoliciesAsync(new ListPoliciesRequest()));

        Assert.Equal((1, 0, 0), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }
}
