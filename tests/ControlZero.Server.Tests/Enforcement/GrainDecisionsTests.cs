using System.Collections.Immutable;
using System.Reflection;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Server.Enforcement;
using Orleans.Storage;

namespace ControlZero.Server.Tests.Enforcement;

public sealed class GrainDecisionsTests
{
    private static readonly AuthorizeRequest Request = new() { Action = "tool:search" };
    private readonly IAgentGrain _grain = DispatchProxy.Create<IAgentGrain, ScriptedAgent>();

    public static TheoryData<Exception> OfTheMoment => new()
    {
        new SiloUnavailableException("it is gone"),
        new OperationCanceledException("the directory moves"),
        new TimeoutException("no answer"),
        new InconsistentStateException("it was replaced"),
        new OrleansException("the agent is leaving this silo; ask again"),
    };

    public static TheoryData<Exception> OfAnotherKind => new()
    {
        new OrleansException("state could not be read", new IOException("the disk")),
        new InvalidOperationException("no such tenant"),
    };

    [Theory, MemberData(nameof(OfTheMoment))]
    public async Task Authorize_SiloIsGone_IsAskedAgain(Exception failure)
    {
        Agent.Failures = new([failure, failure]);

        var decided = await Decisions().AuthorizeAsync(TenantId.Default, AgentId.Parse("a"), Request, CancellationToken.None);

        Assert.Equal((7UL, 3), (decided.Epoch, Agent.Asked));
    }

    [Theory, MemberData(nameof(OfTheMoment))]
    public async Task AuthorizeMany_SiloIsGone_IsAskedAgain(Exception failure)
    {
        Agent.Failures = new([failure, failure]);

        var decided = await Decisions().AuthorizeManyAsync(TenantId.Default, AgentId.Parse("a"), [Request, Request], CancellationToken.None);

        Assert.Equal((2, 3), (decided.Length, Agent.Asked));
    }

    [Theory, MemberData(nameof(OfAnotherKind))]
    public async Task Authorize_StorageOrRequestIsAtFault_IsAskedOnce(Exception failure)
    {
        Agent.Failures = new([failure]);

        var thrown = await Record.ExceptionAsync(() => AuthorizeAsync(CancellationToken.None));

        Assert.Equal((failure, 1), (thrown, Agent.Asked));
    }

    [Fact]
    public async Task Authorize_SiloStaysGone_FailsAfterThreeAttempts()
    {
        Agent.Failures = new(Enumerable.Repeat(new SiloUnavailableException("it is gone"), 10));

        await Assert.ThrowsAsync<SiloUnavailableException>(() => AuthorizeAsync(CancellationToken.None));

        Assert.Equal(GrainDecisions.Attempts, Agent.Asked);
    }

    [Fact]
    public async Task Authorize_DeadlineIsOver_IsNotAskedAgain()
    {
        Agent.Failures = new([new SiloUnavailableException("it is gone")]);

        await Assert.ThrowsAsync<SiloUnavailableException>(() => AuthorizeAsync(new CancellationToken(canceled: true)));

        Assert.Equal(1, Agent.Asked);
    }

    private ScriptedAgent Agent => (ScriptedAgent)(object)_grain;

    private GrainDecisions Decisions() => new((_, _) => _grain, TimeProvider.System);

    private Task<Authorization> AuthorizeAsync(CancellationToken call) =>
        Decisions().AuthorizeAsync(TenantId.Default, AgentId.Parse("a"), Request, call).AsTask();

    // Made at run time: a class that implements a grain's interface would become a grain of every server in these tests.
    public class ScriptedAgent : DispatchProxy
    {
        private static readonly Authorization Decided = new(
            new Decision { Effect = Effect.Allow, ReasonCode = ReasonCodes.RuleMatch, Reason = "", RuleId = "rule-0" }, 1, Epoch: 7);

        public Queue<Exception> Failures { get; set; } = [];

        public int Asked { get; private set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Asked++;
            return Failures.TryDequeue(out var failure) ? throw failure
                : args![0] is ImmutableArray<AuthorizeRequest> many ? new ValueTask<ImmutableArray<Authorization>>([.. many.Select(_ => Decided)])
                : new ValueTask<Authorization>(Decided);
        }
    }
}
