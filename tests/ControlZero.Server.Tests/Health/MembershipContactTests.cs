using ControlZero.Grains.Cluster;
using ControlZero.Grains.Feed;
using ControlZero.Server.Health;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Health;

public sealed class MembershipContactTests : IDisposable
{
    private static readonly SiloAddress Own = SiloAddress.FromParsableString("10.0.0.1:11111@1");
    private static readonly SiloAddress Peer = SiloAddress.FromParsableString("10.0.0.2:11111@1");

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeTable _table = new();
    private readonly FakeMembership _membership = new();
    private readonly FakeCluster _cluster = new();
    private readonly MembershipContact _contact;

    public MembershipContactTests()
    {
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), _clock);
        _contact = new MembershipContact(_table, _membership, _cluster, freshness, _clock, NullLogger<MembershipContact>.Instance);
    }

    [Fact]
    public async Task Silo_ThatReachesNobodyForTheLimit_IsCutOff_AndBackWithTheFirstAnswer()
    {
        (_table.Fails, _cluster.PeerAnswers) = (true, false);
        _clock.Advance(MembershipContact.Limit);
        await _contact.LookAsync(CancellationToken.None);
        var atTheLimit = _contact.IsLost;
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var after = _contact.IsLost;
        _table.Fails = false;

        await _contact.LookAsync(CancellationToken.None);

        Assert.Equal((false, true, false), (atTheLimit, after, _contact.IsLost));
    }

    [Fact]
    public async Task Silo_ThatHearsAPeerAndNotTheTable_IsNotCutOff()
    {
        _table.Fails = true;
        _clock.Advance(MembershipContact.Limit * 2);

        await _contact.LookAsync(CancellationToken.None);

        Assert.False(_contact.IsLost);
    }

    [Fact]
    public async Task Silo_ThatHearsOnlyItself_IsCutOff()
    {
        (_table.Fails, _cluster.PeerAnswers) = (true, false);
        _clock.Advance(MembershipContact.Limit * 2);

        await _contact.LookAsync(CancellationToken.None);

        Assert.True(_contact.IsLost);
    }

    [Fact]
    public async Task Silo_ThatTheOthersGaveUp_IsCutOffAtOnce()
    {
        _table.Status = SiloStatus.Dead;

        await _contact.LookAsync(CancellationToken.None);

        Assert.True(_contact.IsLost);
    }

    [Fact]
    public async Task Silo_ThatReadsOfItsOwnDeath_HasOrleansReadItToo_UntilItDoes()
    {
        _table.Status = SiloStatus.Dead;
        _membership.Fails = true;

        await _contact.LookAsync(CancellationToken.None);
        await _contact.LookAsync(CancellationToken.None);

        Assert.Equal(2, _membership.Refreshes);
    }

    [Fact]
    public async Task Silo_ThatIsAMember_CostsNoReadOfTheWholeTable()
    {
        await _contact.LookAsync(CancellationToken.None);
        _table.Fails = true;
        await _contact.LookAsync(CancellationToken.None);

        Assert.Equal(0, _membership.Refreshes);
    }

    [Fact]
    public async Task Look_AtATableThatDoesNotAnswer_IsOverInASecond_AndAsksThePeers()
    {
        _table.Gate = new TaskCompletionSource();
        _clock.Advance(MembershipContact.Limit * 2);
        var look = _contact.LookAsync(CancellationToken.None);
        Assert.False(look.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await look;

        Assert.False(_contact.IsLost);
    }

    [Fact]
    public async Task Look_ThatTakesLong_ConfirmsTheTimeItBegan()
    {
        _table.Gate = new TaskCompletionSource();
        var look = _contact.LookAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(900));
        _table.Gate.SetResult();
        await look;

        _clock.Advance(MembershipContact.Limit - TimeSpan.FromMilliseconds(900));
        var before = _contact.IsLost;
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((false, true), (before, _contact.IsLost));
    }

    public void Dispose() => _contact.Dispose();

    private sealed class FakeMembership : IClusterMembershipService
    {
        public bool Fails { get; set; }

        public int Refreshes { get; private set; }

        public ClusterMembershipSnapshot CurrentSnapshot => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion = default) => Refresh(minimumVersion, CancellationToken.None);

        public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken)
        {
            Refreshes++;
            return Fails ? ValueTask.FromException(new IOException("gone")) : ValueTask.CompletedTask;
        }

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }

    private sealed class FakeCluster : IClusterView
    {
        public bool PeerAnswers { get; set; } = true;

        public SiloAddress? Self => Own;

        public Task<IReadOnlyList<SiloReport>> AskAsync(CancellationToken cancellationToken)
        {
            var facts = new SiloFacts { Version = "1", StartedAt = DateTimeOffset.UnixEpoch };
            return Task.FromResult<IReadOnlyList<SiloReport>>(
                [new SiloReport(Own, "own", SiloStatus.Active, facts), new SiloReport(Peer, "peer", SiloStatus.Active, PeerAnswers ? facts : null)]);
        }
    }

    private sealed class FakeTable : IMembershipTable
    {
        public bool Fails { get; set; }

        public SiloStatus Status { get; set; } = SiloStatus.Active;

        public TaskCompletionSource? Gate { get; set; }

        public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken)
        {
            if (Gate is not null)
            {
                await Gate.Task;
            }

            return Fails
                ? throw new IOException("gone")
                : new MembershipTableData(Tuple.Create(new MembershipEntry { SiloAddress = key, Status = Status }, "1"), new TableVersion(1, "1"));
        }

        public Task InitializeMembershipTable(bool tryInitTableVersion) => throw new NotSupportedException();

        public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

        public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => throw new NotSupportedException();

        public Task<MembershipTableData> ReadRow(SiloAddress key) => throw new NotSupportedException();

        public Task<MembershipTableData> ReadAll() => throw new NotSupportedException();

        public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => throw new NotSupportedException();

        public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => throw new NotSupportedException();

        public Task UpdateIAmAlive(MembershipEntry entry) => throw new NotSupportedException();
    }
}
