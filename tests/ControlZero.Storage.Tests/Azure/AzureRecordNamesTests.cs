using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Storage.Azure;
using ControlZero.Storage.Tests.Contract;
using CsCheck;

namespace ControlZero.Storage.Tests.Azure;

public sealed class AzureRecordNamesTests
{
    // Everything that joins, replaces or cuts somewhere in a name, and one letter.
    private static readonly Gen<string> Part = Gen.Char[@"a_-/\.#?"].Array[1, 4].Select(text => new string(text));

    private static readonly Gen<RecordAddress> Address = Gen.Select(Part, Part, Part, (state, type, key) => new RecordAddress(state, type, key));

    [Fact]
    public void InTable_AnyTwoAddressesThatAreTaken_HaveDifferentKeys() =>
        CheckInjective(address => AzureRecordNames.InTable("service", address.StateName, address.Grain));

    [Fact]
    public void InContainer_AnyTwoAddressesThatAreTaken_HaveDifferentNames() =>
        CheckInjective(address => AsUrlsSpellIt(AzureRecordNames.InContainer(address.StateName, address.Grain)));

    [Fact]
    public void InTable_AnOrdinaryAddress_IsNamedAsTheOfficialProviderDoes()
    {
        Assert.Equal(
            ("service_agent_acme~bot", "agent"),
            AzureRecordNames.InTable("service", "agent", GrainId.Create("agent", "acme~bot")));
    }

    [Fact]
    public void InContainer_AnOrdinaryAddress_IsNamedAsTheOfficialProviderDoes()
    {
        Assert.Equal(
            "version-policy-version/acme~open=2drouter~7.json",
            AzureRecordNames.InContainer("version", GrainId.Create("policy-version", "acme~open=2drouter~7")));
    }

    [Theory]
    [InlineData("agent", "agent", "a/b", "grain key `a/b` holds `/`")]
    [InlineData("agent", "my_agent", "a", "grain type `my_agent` holds `_`")]
    [InlineData("a#b", "agent", "a", "state name `a#b` holds `#`")]
    [InlineData("agent", "agent", "a\tb", "control character")]
    public void InTable_ANameThatCouldBeTwoGrains_SaysWhatIsWrong(string stateName, string type, string key, string said)
    {
        var refusal = Assert.Throws<ArgumentException>(() => AzureRecordNames.InTable("service", stateName, GrainId.Create(type, key)));

        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InTable_TheLongestKey_IsTakenAndOneMoreIsNot()
    {
        var longest = new string('k', 512 - "service_agent_".Length);

        Assert.Equal(512, AzureRecordNames.InTable("service", "agent", GrainId.Create("agent", longest)).PartitionKey.Length);
        Assert.Throws<ArgumentException>(() => AzureRecordNames.InTable("service", "agent", GrainId.Create("agent", longest + "k")));
    }

    [Fact]
    public void Keys_OfTheLongestIds_AreTaken()
    {
        var tenant = TenantId.Parse(new string('t', 63));
        var agent = AgentId.Parse(new string('a', 128));
        var policy = GrainKeys.Of(tenant, PolicyName.Parse(new string('ä', 85)));

        AzureRecordNames.InTable(new string('s', 63), "agent", GrainId.Create("agent", GrainKeys.Of(tenant, agent)));
        AzureRecordNames.InTable(new string('s', 63), "tenant", GrainId.Create("tenant", GrainKeys.Of(tenant)));
        AzureRecordNames.InTable(new string('s', 63), "key", GrainId.Create("key", GrainKeys.Of(KeyId.Parse("abcdefghijkl"))));
        AzureRecordNames.InContainer("policy", GrainId.Create("policy", policy));
        AzureRecordNames.InContainer("version", GrainId.Create("policy-version", GrainKeys.OfVersion(policy, long.MaxValue)));
    }

    // What a client or a proxy makes of a path.
    private static string AsUrlsSpellIt(string name) => new Uri($"https://store/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}").AbsolutePath;

    private static void CheckInjective<T>(Func<RecordAddress, T> name) => Gen.Select(Address, Address).Sample(
        (one, other) => one == other || !TryName(name, one, out var first) || !TryName(name, other, out var second) || !Equals(first, second),
        seed: "0000000000001",
        iter: 100_000,
        threads: 1,
        print: pair => $"{pair.Item1} and {pair.Item2}");

    private static bool TryName<T>(Func<RecordAddress, T> name, RecordAddress address, out T? result)
    {
        try
        {
            result = name(address);
            return true;
        }
        catch (ArgumentException)
        {
            result = default;
            return false;
        }
    }
}
