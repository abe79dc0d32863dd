using ControlZero.Abstractions;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Tenants;

[Collection(TwoSilosCollection.Name)]
public sealed class PublishTests(TwoSilos silos)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
    private const string DenyAll = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    [Fact]
    public async Task Publish_Acknowledged_DecidesOnBothSilosAtOnce()
    {
        var tenant = await TestTenant.CreateAsync(silos, "publish-both");
        await tenant.PublishAsync(AllowAll);
        var here = await tenant.RegisterAsync("here", silos.First);
        var there = await tenant.RegisterAsync("there", silos.Second);
        Assert.True((await here.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        Assert.True((await there.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        var outcome = await tenant.PublishAsync(DenyAll);

        foreach (var agent in new[] { here, there })
        {
            var answer = await agent.AuthorizeAsync(TestTenant.Ask());
            Assert.False(answer.Decision.Allowed);
            Assert.Equal(outcome.Epoch, answer.Epoch);
            Assert.Equal(2, answer.Decision.PolicyVersion);
        }
    }

    [Fact]
    public async Task Publish_TheSameDocumentAgain_ChangesNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "publish-same");
        var first = await tenant.PublishAsync(AllowAll);

        var second = await tenant.PublishAsync(AllowAll);

        Assert.Equal(PublishStatus.Unchanged, second.Status);
        Assert.Equal(first.Epoch, second.Epoch);
        Assert.Equal(1, second.Entry!.Version);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(2L)]
    public async Task Publish_OverAnotherVersionThanExpected_IsRefused(long expected)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"publish-conflict-{expected}");
        await tenant.PublishAsync(AllowAll, expectedVersion: 0);

        var outcome = await tenant.PublishAsync(DenyAll, expected);

        Assert.Equal(PublishStatus.VersionConflict, outcome.Status);
        Assert.Equal(1, outcome.Entry!.Version);
        Assert.Equal(1UL, (await tenant.Grain.GetManifestAsync(CancellationToken.None))!.Epoch);
    }

    [Fact]
    public async Task Publish_Replaced_KeepsTheOldVersionAsItWas()
    {
        var tenant = await TestTenant.CreateAsync(silos, "publish-history");
        await tenant.PublishAsync(AllowAll);
        await tenant.PublishAsync(DenyAll);
        var policy = silos.First.GetGrain<IPolicyGrain>(GrainKeys.Of(tenant.Id, PolicyName.Parse("p")));

        Assert.Equal(AllowAll, (await policy.GetVersionAsync(1, CancellationToken.None))!.Document);
        Assert.Equal(DenyAll, (await policy.GetVersionAsync(2, CancellationToken.None))!.Document);
        Assert.Null(await policy.GetVersionAsync(3, CancellationToken.None));
    }

    [Theory]
    [InlineData(StorageFault.BeforeCommit)]
    [InlineData(StorageFault.AfterCommit)]
    public async Task Publish_WhoseManifestWriteFails_IsNeverHalfInForce(StorageFault fault)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"publish-{fault}".ToLowerInvariant());
        await tenant.PublishAsync(AllowAll);
        var agent = await tenant.RegisterAsync("bot");
        silos.Faults.Arm("tenant", GrainKeys.Of(tenant.Id), fault);

        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(DenyAll));

        // What storage holds is what is in force from now on, whichever it is, and the next publish builds on it.
        var manifest = await tenant.Grain.GetManifestAsync(CancellationToken.None);
        Assert.Equal(fault == StorageFault.AfterCommit ? 2UL : 1UL, manifest!.Epoch);
        var next = await tenant.PublishAsync("""{ "name": "p", "rules": [ { "id": "third", "deny": "*" } ] }""");
        Assert.Equal(PublishStatus.Published, next.Status);
        Assert.Equal(manifest.Epoch + 1, next.Epoch);
        Assert.Equal("third", (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.RuleId);
    }

    [Fact]
    public async Task Publish_WhosePolicyWriteFails_SkipsANumberAndChangesNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "publish-skip");
        await tenant.PublishAsync(AllowAll);
        silos.Faults.Arm("policy-version", GrainKeys.OfVersion(GrainKeys.Of(tenant.Id, PolicyName.Parse("p")), 2), StorageFault.BeforeCommit);

        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(DenyAll));
        Assert.Equal(1UL, (await tenant.Grain.GetManifestAsync(CancellationToken.None))!.Epoch);
        var next = await tenant.PublishAsync(DenyAll);

        Assert.Equal(3, next.Entry!.Version);
        Assert.Equal(2UL, next.Epoch);
    }

    [Fact]
    public async Task Publish_WhileAgentsAsk_EveryAnswerNamesAVersionThatWasInForce()
    {
        var tenant = await TestTenant.CreateAsync(silos, "publish-race");
        await tenant.PublishAsync(Numbered(1));
        var agents = new[] { await tenant.RegisterAsync("here", silos.First), await tenant.RegisterAsync("there", silos.Second) };
        long begun = 1;
        long acknowledged = 1;
        using var finished = new CancellationTokenSource();

        var askers = agents.Select(async agent =>
        {
            var wrong = 0;
            while (!finished.IsCancellationRequested)
            {
                var atLeast = Interlocked.Read(ref acknowledged);
                var answer = await agent.AuthorizeAsync(TestTenant.Ask());
                var atMost = Interlocked.Read(ref begun);
                var version = answer.Decision.PolicyVersion;
                wrong += version >= atLeast && version <= atMost && answer.Decision.RuleId == $"v{version}" && answer.Epoch == (ulong)version ? 0 : 1;
            }

            return wrong;
        }).ToList();
        for (var version = 2; version <= 60; version++)
        {
            Interlocked.Increment(ref begun);
            await tenant.PublishAsync(Numbered(version));
            Interlocked.Increment(ref acknowledged);
        }

        await finished.CancelAsync();
        var wrong = await Task.WhenAll(askers);
        Assert.Equal([0, 0], wrong);
    }

    [Fact]
    public async Task Tenants_WithPoliciesOfTheSameName_DoNotSeeEachOther()
    {
        var one = await TestTenant.CreateAsync(silos, "sealed-one");
        var other = await TestTenant.CreateAsync(silos, "sealed-other");
        await one.PublishAsync(AllowAll);
        await other.PublishAsync(DenyAll);

        Assert.True((await (await one.RegisterAsync("bot")).AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        Assert.False((await (await other.RegisterAsync("bot")).AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Create_ATenantThatExists_ChangesNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "create-twice", new TenantSettings { MaxAgents = 7 });

        var again = await tenant.Grain.CreateAsync(
            new TenantSettings { MaxAgents = 9 }, TestTenant.Key(tenant.Id, "another"), CancellationToken.None);

        Assert.False(again);
        Assert.Equal(7, (await tenant.Grain.GetManifestAsync(CancellationToken.None))!.Settings.MaxAgents);
    }

    private static string Numbered(int version) => $$"""{ "name": "p", "rules": [ { "id": "v{{version}}", "allow": "*" } ] }""";
}
