using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Grains.Tests;

public sealed class GrainKeysTests
{
    private static readonly string[] PolicyNames =
    [
        "a", "A", "a b", "a_b", "a-b", "a/b", "a\\b", "a#b", "a?b", "a~b", "a=b", "a=20b", "a%20b", "é", "e\u0301", "😀", "..", ".", "a.b", "a:b",
        new('ä', 128), new('ä', 127), new('ö', 128), "=s" + new string('0', 64),
    ];

    [Fact]
    public void PolicyKeys_OfDifferentNamesAndTenants_Differ()
    {
        var tenants = new[] { "a", "a-b", "b" }.Select(TenantId.Parse);
        var keys = tenants.SelectMany(tenant => PolicyNames.Select(name => GrainKeys.Of(tenant, PolicyName.Parse(name)))).ToList();

        // Also when a store folds letter case or replaces what Azure Table cannot hold.
        Assert.Equal(keys.Count, keys.Select(AsAzureTableWould).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(keys, key => Assert.InRange(key.Length, 1, 600));
    }

    [Fact]
    public void AgentKeys_OfDifferentAgentsAndTenants_Differ()
    {
        var tenants = new[] { "acme", "acme-b", "a" }.Select(TenantId.Parse);
        var agents = new[] { "bot", "b-bot", "b.bot", "b_bot", "b:bot", "b@bot", "cme" }.Select(AgentId.Parse).ToList();
        var keys = tenants.SelectMany(tenant => agents.Select(agent => GrainKeys.Of(tenant, agent))).ToList();

        Assert.Equal(keys.Count, keys.Select(AsAzureTableWould).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void KeyIds_ThatDifferInCase_HaveDifferentKeys() => Assert.NotEqual(
        GrainKeys.Of(KeyId.Parse("abcdefghijkl")),
        GrainKeys.Of(KeyId.Parse("Abcdefghijkl")),
        StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void ParseAgent_OfAnAgentsKey_GivesItBack() => Assert.Equal(
        (TenantId.Parse("acme"), AgentId.Parse("team:bot@1")),
        GrainKeys.ParseAgent(GrainKeys.Of(TenantId.Parse("acme"), AgentId.Parse("team:bot@1"))));

    private static string AsAzureTableWould(string key) =>
        key.Replace('/', '_').Replace('\\', '_').Replace('#', '_').Replace('?', '_');
}
