using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Tests.Cluster;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Grains.Tests.Agents;

/// <summary>A cell alone, without a grain: what happens in the middle of a decision happens here when the decision looks at the clock.</summary>
public sealed class AgentCellTests
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private static readonly AgentId Agent = AgentId.Parse("bot");
    private static readonly ImmutableSortedDictionary<string, string> NoLabels = ImmutableSortedDictionary<string, string>.Empty;

    private readonly InterruptedClock _clock = new();
    private readonly SiloFreshness _freshness = new(Options.Create(new FreshnessOptions()), new FakeTimeProvider());
    private readonly AgentNotices _notices = new();
    private readonly TenantSlot _slot = new(Tenant, static _ => Task.FromResult<TenantManifest?>(null));
    private readonly AgentCells _cells;
    private readonly AgentCell _cell;

    public AgentCellTests()
    {
        _freshness.Confirm(_freshness.Now(), sequence: 1);
        _cells = new AgentCells(_freshness, _notices, _clock);
        _cell = Open();
        _slot.Offer(Snapshot(1, """{ "name": "p", "rules": [ { "id": "first", "allow": "llm.*" } ] }"""), _slot.Ticket);
    }

    [Fact]
    public void Decide_WithoutThePolicies_LeavesItToTheGrain()
    {
        _slot.Require(2);

        Assert.Null(_cell.Decide(TestTenant.Ask()));
        Assert.Null(_cell.Decide([TestTenant.Ask()]));
        Assert.True(_cell.Unsaved.IsNone);
    }

    [Fact]
    public void Decide_RetractedMeanwhile_NeitherDecidesNorCounts()
    {
        Assert.True(_cell.Decide(TestTenant.Ask())!.Decision.Allowed);
        var saved = default(UsageCounts);
        _clock.Interrupt(() =>
        {
            _cell.Retract();
            saved = _cell.Take();
        });

        Assert.Null(_cell.Decide(TestTenant.Ask()));
        Assert.Null(_cell.Decide([TestTenant.Ask()]));
        Assert.Equal((1L, 0L), (saved.Allowed, saved.Denied));
        Assert.True(_cell.Unsaved.IsNone);
    }

    [Fact]
    public void Decide_WhilePoliciesAreReplaced_AnswersUnderTheNewOnes()
    {
        _clock.Interrupt(() => _slot.Offer(Snapshot(2, """{ "name": "p", "rules": [ { "id": "second", "deny": "llm.*" } ] }"""), _slot.Ticket));

        var answer = _cell.Decide(TestTenant.Ask())!;

        Assert.Equal(("second", 2ul), (answer.Decision.RuleId, answer.Epoch));
        Assert.Equal((0L, 1L), (_cell.Unsaved.Allowed, _cell.Unsaved.Denied));
    }

    [Fact]
    public void DecideSeveral_WhilePoliciesAreReplaced_AnswersAllUnderTheNewOnes()
    {
        _clock.Interrupt(() => _slot.Offer(Snapshot(2, """{ "name": "p", "rules": [ { "id": "second", "deny": "llm.*" } ] }"""), _slot.Ticket));

        var answers = _cell.Decide([TestTenant.Ask(), TestTenant.Ask() with { DryRun = true }, TestTenant.Ask()])!.Value;

        Assert.Equal(["second", "second", "second"], answers.Select(answer => answer.Decision.RuleId));
        Assert.Equal((0L, 2L), (_cell.Unsaved.Allowed, _cell.Unsaved.Denied));
    }

    [Fact]
    public void Decide_WhileLabelsAreReplaced_AnswersUnderTheNewOnes()
    {
        _slot.Offer(Snapshot(2, """{ "name": "p", "rules": [ { "id": "finance", "allow": "llm.*", "when": { "agent.labels.team": "finance" } } ] }"""), _slot.Ticket);
        _clock.Interrupt(() => _cell.Change(AgentTraits.None with { Labels = NoLabels.Add("team", "finance") }));

        Assert.Equal("finance", _cell.Decide(TestTenant.Ask())!.Decision.RuleId);
    }

    [Fact]
    public void Decide_DryRun_CountsNothing()
    {
        Assert.True(_cell.Decide(TestTenant.Ask() with { DryRun = true })!.Decision.Allowed);

        Assert.Equal(default, _cell.Unsaved);
        Assert.False(_cells.TryTakeUnsaved(DateTimeOffset.MaxValue, out _));
    }

    [Fact]
    public void Decide_CountedManyTimes_WaitsOnceToBeSaved()
    {
        for (var number = 0; number < 3; number++)
        {
            _cell.Decide(TestTenant.Ask());
        }

        Assert.False(_cells.TryTakeUnsaved(_clock.GetUtcNow() - TimeSpan.FromTicks(1), out _));
        Assert.True(_cells.TryTakeUnsaved(_clock.GetUtcNow(), out var waiting));
        Assert.Same(_cell, waiting);
        Assert.False(_cells.TryTakeUnsaved(DateTimeOffset.MaxValue, out _));
        _cell.Take();
        _cell.Decide(TestTenant.Ask());
        Assert.True(_cells.TryTakeUnsaved(_clock.GetUtcNow(), out _));
    }

    [Fact]
    public void Retract_AfterASuccessorWasPublished_LeavesTheSuccessor()
    {
        _cells.Publish(_cell);
        var successor = Open();
        _cells.Publish(successor);

        _cell.Retract();

        Assert.Same(successor, _cells.Find(Tenant, Agent));
        successor.Retract();
        Assert.Null(_cells.Find(Tenant, Agent));
    }

    [Fact]
    public void Find_WhereCellsAreClosed_FindsNone()
    {
        var closed = new AgentCells(_freshness, _notices, _clock) { IsOpen = false };
        closed.Publish(_cell);

        Assert.Null(closed.Find(Tenant, Agent));
    }

    [Fact]
    public void Decide_OnASiloThatIsNotFresh_LeavesItToTheGrain()
    {
        var clock = new FakeTimeProvider();
        var stale = new SiloFreshness(Options.Create(new FreshnessOptions()), clock);
        stale.Confirm(stale.Now(), sequence: 1);
        var cell = new AgentCell(new AgentCells(stale, _notices, _clock), Agent, _slot, AgentTraits.None, _notices.Generation);
        Assert.True(cell.Decide(TestTenant.Ask())!.Decision.Allowed);

        clock.Advance(stale.Bound + TimeSpan.FromTicks(1));

        Assert.Null(cell.Decide(TestTenant.Ask()));
        Assert.Null(cell.Decide([TestTenant.Ask()]));
        Assert.Equal("POLICY_STALE", cell.DecideAsItIs([TestTenant.Ask()], isLastWord: false, out _)!.Value[0].Decision.ReasonCode);
        Assert.Equal((1L, 1L), (cell.Unsaved.Allowed, cell.Unsaved.Denied));
    }

    [Fact]
    public void Decide_AfterNewsOfAgents_LeavesItToTheGrainUntilItHasLooked()
    {
        _notices.Take(new ChangeFeedState(), missedSome: true);
        Assert.Null(_cell.Decide(TestTenant.Ask()));

        _cell.Confirm(_notices.Generation);

        Assert.True(_cell.Decide(TestTenant.Ask())!.Decision.Allowed);
    }

    [Fact]
    public void Decide_BelowTheEpochAskedFor_LeavesItToTheGrainAndCountsNothing()
    {
        var later = TestTenant.Ask() with { MinEpoch = 2 };

        Assert.Null(_cell.Decide(later));
        Assert.Null(_cell.Decide([TestTenant.Ask(), later]));
        Assert.Equal(1UL, _cell.DecideAsItIs([later], isLastWord: false, out _)!.Value[0].Epoch);
        Assert.True(_cell.Unsaved.IsNone);
    }

    [Fact]
    public void Adopt_ByAgentsWithNothingOfTheirOwn_IsOneBasis()
    {
        var plain = new AgentCell(_cells, AgentId.Parse("plain"), _slot, AgentTraits.Of(new AgentState { Limits = [] }), _notices.Generation);
        var labelled = new AgentCell(
            _cells, AgentId.Parse("labelled"), _slot, AgentTraits.Of(new AgentState { Labels = NoLabels.Add("team", "a") }), _notices.Generation);
        var limited = new AgentCell(
            _cells,
            AgentId.Parse("limited"),
            _slot,
            AgentTraits.Of(new AgentState { Limits = [new AgentLimit { Name = "few", Metric = QuotaMetric.Requests, Limit = 1, Window = "day" }] }),
            _notices.Generation);

        Assert.Same(_cell.Adopt(out _), plain.Adopt(out _));
        Assert.NotSame(_cell.Adopt(out _), labelled.Adopt(out _));
        Assert.Equal("a", labelled.Adopt(out _)!.Traits.Labels["team"]);
        Assert.Equal("few", limited.Adopt(out _)!.Limits.Single().Key.Name);
    }

    [Fact]
    public void PlainBasis_OfMoreRulesThanAreShared_IsKeptOfThoseAlone()
    {
        const string document = """{ "name": "p", "rules": [ { "allow": "llm.*" } ] }""";
        var snapshot = Snapshot(1, document);
        var rules = Enumerable.Range(0, PolicySet.SubsetCapacity + 1).Select(_ => Snapshot(1, document).Policies.For("bot")).ToList();
        var first = rules.ConvertAll(snapshot.PlainBasis);

        Assert.Equal(rules.SkipLast(1), rules.Where((rule, index) => ReferenceEquals(first[index], snapshot.PlainBasis(rule))));
        Assert.Same(rules[^1], snapshot.PlainBasis(rules[^1]).Rules);
    }

    private AgentCell Open() => new(_cells, Agent, _slot, AgentTraits.None, _notices.Generation);

    private static TenantSnapshot Snapshot(ulong epoch, string document) => new(
        new TenantManifest
        {
            Tenant = Tenant,
            Epoch = epoch,
            Settings = new TenantSettings(),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Policies = [],
        },
        PolicySet.Create([CompiledPolicy.Compile(PolicyParser.Parse(document).Document!, 1)], Effect.Deny));

    /// <summary>Stands still, and lets something happen the next time it is looked at.</summary>
    private sealed class InterruptedClock : TimeProvider
    {
        private Action? _interruption;

        public void Interrupt(Action interruption) => _interruption = interruption;

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _interruption, null)?.Invoke();
            return DateTimeOffset.UnixEpoch;
        }
    }
}
