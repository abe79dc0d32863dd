using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Policies;
using ControlZero.Grains.Tenants;
using Microsoft.Extensions.Options;
using Orleans.Serialization;
using Orleans.Storage;

namespace ControlZero.Grains.Tests.State;

/// <summary>
/// State as it stands in storage. A golden file is never changed: a layout that differs gets a new schema version, a new file beside the
/// old one, and must still read the old.
/// </summary>
public sealed class StateGoldenTests
{
    private static readonly DateTimeOffset Moment = new(2026, 3, 2, 10, 0, 0, TimeSpan.Zero);

    private static readonly SystemTextJsonGrainStorageSerializer Serializer =
        new(Options.Create(new SystemTextJsonGrainStorageSerializerOptions()));

    [Fact]
    public void TenantState_OfSchema1_ReadsAsBefore_WithNothingSuspended()
    {
        var state = Read<TenantState>("tenant.v1.json", out _);

        Assert.Empty(state.Manifest!.Suspensions);
        Assert.False(state.Manifest.Settings.AllowStale);

        Assert.Equal((7L, 3UL, UnknownAgents.Allow), (state.AgentCount, state.Manifest!.Epoch, state.Manifest.Settings.UnknownAgents));
        Assert.Equal((TenantId.Parse("acme"), Effect.Warn), (state.Manifest.Tenant, state.Manifest.Settings.DefaultOnEmpty));
        var entry = Assert.Single(state.Manifest.Policies);
        Assert.Equal((PolicyName.Parse("p"), 2L, 5, Moment), (entry.Name, entry.Version, entry.Priority, entry.PublishedAt));
    }

    [Fact]
    public void TenantState_OfSchema2_ReadsAndWritesAsItDid()
    {
        var state = Check<TenantState>("tenant.v2.json");

        Assert.Equal((TenantState.CurrentSchema, true), (state.SchemaVersion, state.Manifest!.Settings.AllowStale));
        Assert.Equal(("unpaid", Moment), (state.Manifest.FindSuspension(SuspensionTarget.Tenant, "")!.Reason, state.Manifest.Suspensions[0].SuspendedAt));
        Assert.Equal("abcdefABCDEF", state.Manifest.FindSuspension(SuspensionTarget.Agent, "bot")!.SuspendedBy);
        Assert.Equal((120, 9), (state.Manifest.Policies[0].Bytes, state.Manifest.Policies[0].Values));
    }

    [Fact]
    public void ChangeFeedState_OfSchema1_ReadsAndWritesAsItDid()
    {
        var state = Check<ChangeFeedState>("feed.v1.json");

        Assert.Equal((9L, 3L, 4L), (state.Sequence, state.Dropped, state.DroppedAgents));
        Assert.Equal([ChangeKind.Tenant, ChangeKind.Agent, ChangeKind.Key], state.Changes.Select(change => change.Kind));
    }

    [Fact]
    public void TenantKeysState_OfSchema1_ReadsAndWritesAsItDid() =>
        Assert.Equal([KeyId.Parse("abcdefABCDEF")], Check<TenantKeysState>("tenant-keys.v1.json").Keys);

    [Fact]
    public void PolicyState_OfSchema1_ReadsAndWritesAsItDid() => Assert.Equal(4, Check<PolicyState>("policy.v1.json").Latest);

    [Fact]
    public void PolicyVersionState_OfSchema1_ReadsAndWritesAsItDid()
    {
        var version = Check<PolicyVersionState>("policy-version.v1.json").Version!;

        Assert.Equal((2L, "name: p\n", "abcdefABCDEF", Moment), (version.Version, version.Document, version.PublishedBy, version.PublishedAt));
    }

    [Fact]
    public void AgentState_OfSchema1_ReadsAndWritesAsItDid()
    {
        var state = Check<AgentState>("agent.v1.json");

        Assert.Equal((2L, "finance", 10L, 3L), (state.Version, state.Labels["team"], state.Allowed, state.Denied));
        Assert.Equal(Moment, state.LastDecisionAt);
    }

    [Fact]
    public void AgentState_OfSchema2_ReadsAndWritesAsItDid()
    {
        var state = Check<AgentState>("agent.v2.json");

        Assert.Equal((2, 0L), (state.SchemaVersion, state.DeletedVersion));
        Assert.Equal([("daily", QuotaMetric.CostUsd, 5_000_000_000L), ("parallel", QuotaMetric.InFlight, 0L)], state.Limits.Select(limit => (limit.Name, limit.Metric, limit.Limit)));
        Assert.Equal(["agent//daily/cost_usd/day@Europe/Berlin", "agent//parallel/in_flight/"], state.Limits.Select(limit => limit.ToQuota().Key.ToString()));
    }

    [Fact]
    public void AgentState_OfSchema3_ReadsAndWritesAsItDid()
    {
        var state = Check<AgentState>("agent.v3.json");

        Assert.Equal((AgentState.CurrentSchema, 0L, 6L, 6L), (state.SchemaVersion, state.Version, state.DeletedVersion, state.LastChange));
        Assert.Null(state.Describe(ControlZero.Abstractions.Agents.AgentId.Parse("bot")));
    }

    [Fact]
    public void QuotaRecord_OfSchema1_ReadsAndWritesAsItDid()
    {
        var record = Check<QuotaRecord>("quota.v1.json");

        var money = record.Entries[0];
        Assert.Equal((new QuotaLimitKey(QuotaScope.Agent, "p", "usd", QuotaMetric.CostUsd, "day@Europe/Berlin"), 20514L), (money.Key, money.WindowId));
        Assert.Equal((4_000_000_000L, 7L, -500L, 1), (money.Reserved, money.Debt, money.Adjustments[0].Delta, money.Debts.Length));
        Assert.Equal((record.Writers[0].Owner, 3L, Moment + TimeSpan.FromSeconds(630)), (record.Entries[1].Slots[0].Owner, record.Entries[1].Slots[0].Count, record.Entries[1].Slots[0].Until));
        Assert.Equal((12UL, Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e")), (record.Writers[0].Number, record.Nonce));
    }

    [Fact]
    public void KeyState_OfSchema1_ReadsAndWritesAsItDid()
    {
        var key = Check<KeyState>("key.v1.json").Key!;

        Assert.Equal((KeyId.Parse("abcdefABCDEF"), TenantId.Parse("acme"), "ci"), (key.Id, key.Tenant, key.Name));
        Assert.Equal("enforce", Assert.Single(key.Scopes));
        Assert.Equal("ci-*", Assert.Single(key.Agents));
        Assert.Equal(Moment, key.RevokedAt);
    }

    [Fact]
    public void States_WithMembersMissing_TakeTheirDefaults()
    {
        Assert.Null(Serializer.Deserialize<TenantState>(BinaryData.FromString("{}"))!.Manifest);
        Assert.Empty(Serializer.Deserialize<AgentState>(BinaryData.FromString("{}"))!.Labels);
        Assert.True(Serializer.Deserialize<AgentState>(BinaryData.FromString("{}"))!.Limits.IsDefault);
        Assert.True(Serializer.Deserialize<QuotaRecord>(BinaryData.FromString("""{ "FromAnotherRelease": 1 }"""))!.Entries.IsEmpty);
        Assert.Equal(0, Serializer.Deserialize<PolicyState>(BinaryData.FromString("""{ "FromAnotherRelease": 1 }"""))!.Latest);
    }

    private static T Read<T>(string file, out string golden)
    {
        golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "State", "golden", file)).Trim();
        return Serializer.Deserialize<T>(BinaryData.FromString(golden))!;
    }

    private static T Check<T>(string file)
    {
        var state = Read<T>(file, out var golden);
        Assert.Equal(golden, Serializer.Serialize(state).ToString());
        return state;
    }
}
