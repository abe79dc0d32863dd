using System.Net;

namespace ControlZero.Storage.Tests.Membership;

/// <summary>What Orleans relies on in the table that says which silos there are. One subclass a provider.</summary>
public abstract class MembershipTableContract : IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private string _clusterId = "";
    private IMembershipTable _table = null!;

    /// <summary>The table of a cluster, as a silo of its own would hold it. Not initialised.</summary>
    protected abstract IMembershipTable Open(string clusterId);

    /// <summary>A cluster that no other test uses.</summary>
    protected abstract string NewClusterId();

    public virtual async Task InitializeAsync()
    {
        _clusterId = NewClusterId();
        _table = await OpenAsync(_clusterId);
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task ReadAll_OfANewCluster_GivesVersionZeroAndNobody()
    {
        var found = await ReadAllAsync();

        Assert.Equal(0, found.Version.Version);
        Assert.Empty(found.Members);
    }

    [Fact]
    public async Task Initialize_Again_KeepsWhatIsThere()
    {
        Assert.True(await InsertAsync(Silo(1), 1));

        await _table.InitializeMembershipTableAsync(true, CancellationToken.None);

        Assert.Equal(1, (await ReadAllAsync()).Version.Version);
    }

    [Fact]
    public async Task Insert_WithTheNextVersion_IsReadAsItWas()
    {
        var silo = Silo(1);

        Assert.True(await InsertAsync(silo, 1));

        var found = await ReadAllAsync();
        var member = Assert.Single(found.Members).Item1;
        Assert.Equal(1, found.Version.Version);
        Assert.Equal(
            (silo.SiloAddress, silo.SiloName, silo.HostName, silo.Status, silo.ProxyPort, silo.StartTime, silo.IAmAliveTime),
            (member.SiloAddress, member.SiloName, member.HostName, member.Status, member.ProxyPort, member.StartTime, member.IAmAliveTime));
    }

    [Fact]
    public async Task Insert_OfASiloThatIsThere_IsRefusedAndKeepsTheVersion()
    {
        Assert.True(await InsertAsync(Silo(1), 1));

        var again = Silo(1);
        again.Status = SiloStatus.Dead;
        Assert.False(await InsertAsync(again, 2));

        var found = await ReadAllAsync();
        Assert.Equal(1, found.Version.Version);
        Assert.Equal(SiloStatus.Active, Assert.Single(found.Members).Item1.Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Insert_WithAVersionThatIsNotTheNext_IsRefused(int version)
    {
        Assert.True(await InsertAsync(Silo(1), 1));

        Assert.False(await InsertAsync(Silo(2), version));

        var found = await ReadAllAsync();
        Assert.Equal(1, found.Version.Version);
        Assert.Single(found.Members);
    }

    [Fact]
    public async Task Insert_OfManySilosWithOneVersion_LetsExactlyOneIn()
    {
        var tables = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OpenAsync(_clusterId)));

        var outcomes = await Task.WhenAll(tables.Select((table, number) => table.InsertRowAsync(Silo(number), Next(1), CancellationToken.None)));

        Assert.Single(outcomes, true);
        var found = await ReadAllAsync();
        Assert.Equal(1, found.Version.Version);
        Assert.Single(found.Members);
    }

    [Fact]
    public async Task Update_WithTheNextVersion_ChangesTheRowAndTheVersion()
    {
        var silo = Silo(1);
        Assert.True(await InsertAsync(silo, 1));
        silo.Status = SiloStatus.Dead;
        silo.SuspectTimes = [Tuple.Create(Silo(2).SiloAddress, Start), Tuple.Create(Silo(3).SiloAddress, Start.AddSeconds(1))];

        Assert.True(await UpdateAsync(silo, 2));

        var found = await ReadAllAsync();
        var member = Assert.Single(found.Members).Item1;
        Assert.Equal(2, found.Version.Version);
        Assert.Equal(SiloStatus.Dead, member.Status);
        Assert.Equal(silo.SuspectTimes, member.SuspectTimes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Update_WithAVersionThatIsNotTheNext_IsRefused(int version)
    {
        var silo = Silo(1);
        Assert.True(await InsertAsync(silo, 1));
        Assert.True(await InsertAsync(Silo(2), 2));
        silo.Status = SiloStatus.Dead;

        Assert.False(await UpdateAsync(silo, version));

        var found = await ReadAllAsync();
        Assert.Equal(2, found.Version.Version);
        Assert.All(found.Members, member => Assert.Equal(SiloStatus.Active, member.Item1.Status));
    }

    [Fact]
    public async Task UpdateIAmAlive_Always_KeepsTheVersion()
    {
        var silo = Silo(1);
        Assert.True(await InsertAsync(silo, 1));
        var etag = await ReadETagAsync(silo);
        silo.IAmAliveTime = Start.AddMinutes(1);

        await _table.UpdateIAmAliveAsync(silo, CancellationToken.None);

        var found = await ReadAllAsync();
        Assert.Equal(1, found.Version.Version);
        Assert.Equal(Start.AddMinutes(1), Assert.Single(found.Members).Item1.IAmAliveTime);
        Assert.True(await _table.UpdateRowAsync(silo, etag, Next(2), CancellationToken.None));
    }

    [Fact]
    public async Task UpdateIAmAlive_OfARowThatWasChanged_KeepsTheChange()
    {
        var silo = Silo(1);
        Assert.True(await InsertAsync(silo, 1));
        var changed = Silo(1);
        changed.Status = SiloStatus.Dead;
        Assert.True(await UpdateAsync(changed, 2));

        await _table.UpdateIAmAliveAsync(silo, CancellationToken.None);

        Assert.Equal(SiloStatus.Dead, Assert.Single((await ReadAllAsync()).Members).Item1.Status);
    }

    [Fact]
    public async Task ReadRow_OfASilo_GivesItAndTheVersion()
    {
        Assert.True(await InsertAsync(Silo(1), 1));
        Assert.True(await InsertAsync(Silo(2), 2));

        var known = await _table.ReadRowAsync(Silo(2).SiloAddress, CancellationToken.None);
        var unknown = await _table.ReadRowAsync(Silo(3).SiloAddress, CancellationToken.None);

        Assert.Equal((2, Silo(2).SiloAddress), (known.Version.Version, Assert.Single(known.Members).Item1.SiloAddress));
        Assert.Equal(2, unknown.Version.Version);
        Assert.Empty(unknown.Members);
    }

    // Each insert adds one silo and one to the version, so a read that saw half of one would not balance.
    [Fact]
    public async Task ReadAll_WhileSilosComeIn_GivesOneMomentOfThem()
    {
        const int silos = 60;
        var reader = await OpenAsync(_clusterId);
        var writing = InsertAllAsync();

        MembershipTableData found;
        do
        {
            found = await reader.ReadAllAsync(CancellationToken.None);
            Assert.Equal(found.Version.Version, found.Members.Count);
        }
        while (!writing.IsCompleted);

        await writing;
        Assert.Equal(silos, (await ReadAllAsync()).Members.Count);

        async Task InsertAllAsync()
        {
            for (var number = 1; number <= silos; number++)
            {
                Assert.True(await InsertAsync(Silo(number), number));
            }
        }
    }

    [Fact]
    public async Task Cleanup_OfWhatIsOldAndDead_KeepsTheRestAndTheVersion()
    {
        var old = Silo(1, SiloStatus.Dead);
        var recent = Silo(2, SiloStatus.Dead);
        recent.IAmAliveTime = Start.AddHours(2);
        var active = Silo(3);
        Assert.True(await InsertAsync(old, 1));
        Assert.True(await InsertAsync(recent, 2));
        Assert.True(await InsertAsync(active, 3));

        await _table.CleanupDefunctSiloEntriesAsync(Start.AddHours(1), CancellationToken.None);

        var found = await ReadAllAsync();
        Assert.Equal(3, found.Version.Version);
        Assert.Equal(
            [recent.SiloAddress, active.SiloAddress],
            found.Members.Select(member => member.Item1.SiloAddress).OrderBy(address => address.Endpoint.Port));
    }

    [Fact]
    public async Task Clusters_InOneStore_DoNotSeeEachOther()
    {
        var other = await OpenAsync(NewClusterId());
        Assert.True(await InsertAsync(Silo(1), 1));

        Assert.True(await other.InsertRowAsync(Silo(2), Next(1), CancellationToken.None));

        Assert.Equal(Silo(1).SiloAddress, Assert.Single((await ReadAllAsync()).Members).Item1.SiloAddress);
    }

    /// <summary>The version after the one that is there, as a silo that read that one would write it.</summary>
    protected static TableVersion Next(int version) => new TableVersion(version - 1, $"{version - 1}").Next();

    /// <summary>A silo.</summary>
    protected static MembershipEntry Silo(int number, SiloStatus status = SiloStatus.Active) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 10_000 + number), 5),
        SiloName = $"silo-{number}",
        HostName = "host",
        Status = status,
        ProxyPort = 20_000 + number,
        StartTime = Start,
        IAmAliveTime = Start,
    };

    /// <summary>Reads the test's cluster.</summary>
    protected Task<MembershipTableData> ReadAllAsync() => _table.ReadAllAsync(CancellationToken.None);

    /// <summary>Inserts a silo as the given version.</summary>
    protected Task<bool> InsertAsync(MembershipEntry silo, int version) => _table.InsertRowAsync(silo, Next(version), CancellationToken.None);

    /// <summary>Updates a silo as the given version, as who has just read its row.</summary>
    protected async Task<bool> UpdateAsync(MembershipEntry silo, int version) =>
        await _table.UpdateRowAsync(silo, await ReadETagAsync(silo), Next(version), CancellationToken.None);

    private async Task<string> ReadETagAsync(MembershipEntry silo) =>
        (await _table.ReadRowAsync(silo.SiloAddress, CancellationToken.None)).Members.SingleOrDefault()?.Item2 ?? "";

    private async Task<IMembershipTable> OpenAsync(string clusterId)
    {
        var table = Open(clusterId);
        await table.InitializeMembershipTableAsync(true, CancellationToken.None);
        return table;
    }
}
