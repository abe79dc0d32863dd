using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Storage.Tests.Contract;

public abstract partial class GrainStorageContract
{
    /// <summary>Pairs that differ in what some store folds, cuts, joins or replaces, and that our own key spelling leaves apart.</summary>
    public static TheoryData<string, string> CloseKeys() => new()
    {
        { "a~b", "a-b" },
        { "acme~bot", "acme_bot" },
        { "acme~bot", "acme~bot~" },
        { "acme~a.b", "acme~a:b" },
        { "acme~a", "acme~=41" },
        { "acme~=61", "acme~=41" },
        { "acme~a=20", "acme~a" },
        { "acme~a..", "acme~a." },
        { new string('a', 383), new string('a', 384) },
        { "a~b~1", "a~b~10" },
        { "Кириллица", "кириллица" },
        { "key", "Key" },
    };

    /// <summary>Pairs that no key of ours contains and that some store takes for one; a provider keeps them apart or refuses one.</summary>
    public static TheoryData<RecordAddress, RecordAddress> CloseAddresses() => new()
    {
        { new("counter", "contract", "a/b"), new("counter", "contract", "a_b") },
        { new("counter", "contract", @"a\b"), new("counter", "contract", "a/b") },
        { new("counter", "contract", "a#b"), new("counter", "contract", "a?b") },
        { new("counter", "contract", "a%2Fb"), new("counter", "contract", "a/b") },
        { new("counter", "contract", "a//b"), new("counter", "contract", "a/b") },
        { new("counter", "contract", "a/./b"), new("counter", "contract", "a/b") },
        { new("counter", "contract", "../contract/a"), new("counter", "contract", "a") },
        { new("counter", "contract", "a b"), new("counter", "contract", "a+b") },
        { new("counter", "contract", "a"), new("counter", "contract", "a.json") },
        { new("counter", "contract", "type_a"), new("counter", "contract_type", "a") },
        { new("a-b", "c", "k"), new("a", "b-c", "k") },
        { new("a_b", "contract", "k"), new("a/b", "contract", "k") },
        { new("a", "contract", "k"), new("A", "contract", "k") },
        { new("counter", "contract", new string('a', 599)), new("counter", "contract", new string('a', 600)) },
    };

    [Theory]
    [MemberData(nameof(CloseKeys))]
    public async Task Keys_ThatLookAlike_DoNotShareARecord(string one, string other)
    {
        await WriteNewAsync(one, 1);
        await WriteNewAsync(other, 2);

        Assert.Equal(1, (await ReadAsync(one)).State!.Value);
        Assert.Equal(2, (await ReadAsync(other)).State!.Value);
    }

    [Theory]
    [MemberData(nameof(CloseAddresses))]
    public async Task Addresses_ThatLookAlike_AreKeptApartOrRefused(RecordAddress one, RecordAddress other)
    {
        await WriteOrBeRefusedAsync(one, 1);
        await WriteOrBeRefusedAsync(other, 2);

        await CheckAsync(one, 1);
        await CheckAsync(other, 2);
    }

    [Fact]
    public async Task Keys_OfOurOwnIds_NeverShareARecord()
    {
        var keys = OwnKeys().ToArray();
        Assert.Equal(keys.Length, keys.Distinct().Count());

        await Task.WhenAll(keys.Select((key, number) => WriteNewAsync(key, number)));
        var read = await Task.WhenAll(keys.Select(ReadAsync));

        Assert.Equal(Enumerable.Range(0, keys.Length), read.Select(state => state.State!.Value));
    }

    [Fact]
    public async Task Keys_OfEveryKindOrleansHas_AreStoredApart()
    {
        var guid = Guid.Parse("c0ffee00-0000-4000-8000-000000000001");
        GrainId[] ids =
        [
            GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateIntegerKey(1)),
            GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateIntegerKey(-1)),
            GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateIntegerKey(long.MinValue)),
            GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateIntegerKey(1, "extension")),
            GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateGuidKey(guid)),
            GrainId.Create(GrainType.Create("contract"), GrainIdKeyExtensions.CreateGuidKey(guid, "extension")),
            GrainId.Create("contract", "one"),
        ];

        await Task.WhenAll(ids.Select((id, number) => WriteNewAsync(id, number)));
        var read = await Task.WhenAll(ids.Select(id => ReadAsync(id)));

        Assert.Equal(Enumerable.Range(0, ids.Length), read.Select(state => state.State!.Value));
    }

    [Fact]
    public async Task StateNames_OfOneGrain_AreIndependent()
    {
        var one = await WriteNewAsync(Id("a"), 1, "one");
        await WriteNewAsync(Id("a"), 2, "two");

        await Storage.ClearStateAsync("one", Id("a"), one);

        Assert.False((await ReadAsync(Id("a"), "one")).RecordExists);
        Assert.Equal(2, (await ReadAsync(Id("a"), "two")).State!.Value);
    }

    [Fact]
    public async Task GrainTypes_WithTheSameKey_AreIndependent()
    {
        await WriteNewAsync(GrainId.Create("policy", "acme~1"), 1);
        await WriteNewAsync(GrainId.Create("policy-version", "acme~1"), 2);

        Assert.Equal(1, (await ReadAsync(GrainId.Create("policy", "acme~1"))).State!.Value);
        Assert.Equal(2, (await ReadAsync(GrainId.Create("policy-version", "acme~1"))).State!.Value);
    }

    // Ids over a small alphabet of what is special somewhere, so that many of them nearly collide.
    private static IEnumerable<string> OwnKeys()
    {
        var random = new Random(20261123);
        string Draw(string first, string rest) => string.Concat(
            Enumerable.Range(0, random.Next(1, 5)).Select(at => (at == 0 ? first : rest)[random.Next(at == 0 ? first.Length : rest.Length)]));
        var tenants = Enumerable.Range(0, 12).Select(_ => TenantId.Parse(Draw("a1", "a1-"))).Distinct().ToArray();
        var agents = Enumerable.Range(0, 40).Select(_ => AgentId.Parse(Draw("a1", "a1._:@-"))).Distinct().ToArray();
        string[] policies = ["a/b", "a_b", "a\\b", "a#b", "a?b", "a b", "a", "A", "a=2fb", "ä", "a.", "=41", new string('p', 128), $"{new string('p', 127)}P"];
        return tenants.SelectMany(tenant => agents.Take(15).Select(agent => GrainKeys.Of(tenant, agent)))
            .Concat(tenants.Take(2).SelectMany(tenant => policies.Select(policy => $"{GrainKeys.Of(tenant, PolicyName.Parse(policy))}~1")))
            .Distinct();
    }

    private async Task WriteOrBeRefusedAsync(RecordAddress address, int value)
    {
        if (Takes(address))
        {
            await WriteNewAsync(address.Grain, value, address.StateName);
        }
        else
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => WriteNewAsync(address.Grain, value, address.StateName));
        }
    }

    private async Task CheckAsync(RecordAddress address, int value)
    {
        if (Takes(address))
        {
            Assert.Equal(value, (await ReadAsync(address.Grain, address.StateName)).State!.Value);
        }
        else
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => ReadAsync(address.Grain, address.StateName));
        }
    }
}
