using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Tenants;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>A tenant of one test's own.</summary>
internal sealed class TestTenant
{
    public const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";

    private TestTenant(TwoSilos silos, TenantId id)
    {
        Silos = silos;
        Id = id;
    }

    public TwoSilos Silos { get; }

    public TenantId Id { get; }

    public ITenantGrain Grain => Silos.First.GetGrain<ITenantGrain>(GrainKeys.Of(Id));

    public static async Task<TestTenant> CreateAsync(TwoSilos silos, string id, TenantSettings? settings = null)
    {
        var tenant = new TestTenant(silos, TenantId.Parse(id));
        Assert.True(await tenant.Grain.CreateAsync(settings ?? new TenantSettings(), Key(tenant.Id, id), CancellationToken.None));
        return tenant;
    }

    /// <summary>A tenant under <see cref="AllowAll"/>, with one agent in use on each silo.</summary>
    public static async Task<(TestTenant Tenant, IAgentGrain[] Agents)> CreateWithAgentsAsync(TwoSilos silos, string id, TenantSettings? settings = null)
    {
        var tenant = await CreateAsync(silos, id, settings);
        await tenant.PublishAsync(AllowAll);
        IAgentGrain[] agents = [await tenant.RegisterAsync("here", silos.First), await tenant.RegisterAsync("there", silos.Second)];
        foreach (var agent in agents)
        {
            Assert.True((await agent.AuthorizeAsync(Ask())).Decision.Allowed);
        }

        return (tenant, agents);
    }

    /// <summary>The tenant's first key is the one whose seed is the tenant's id.</summary>
    public static KeyRecord Key(TenantId tenant, string seed) => new()
    {
        Id = KeyId.Parse(Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(seed)))[..KeyId.Length]),
        Hash = new string('a', 64),
        Tenant = tenant,
        Name = "test",
        Scopes = [Scopes.Admin],
        Agents = [],
        CreatedAt = DateTimeOffset.UnixEpoch,
        CreatedBy = "",
    };

    public Task<PublishOutcome> PublishAsync(string document, long? expectedVersion = null) => Grain.PublishPolicyAsync(
        new PolicyPublication
        {
            Tenant = Id,
            Name = PolicyName.Parse(PolicyParser.Parse(document).Document!.Name),
            Document = document,
            ExpectedVersion = expectedVersion,
            PublishedBy = "test",
        },
        CancellationToken.None);

    public Task<SuspensionOutcome> SuspendAsync(string agent, string reason = "") => Grain.SuspendAsync(
        new SuspendCommand(SuspensionTarget.Agent, agent, reason, "test"), CancellationToken.None);

    public Task<SuspensionOutcome> SuspendModelAsync(string pattern, string reason = "") => Grain.SuspendAsync(
        new SuspendCommand(SuspensionTarget.Model, pattern, reason, "test"), CancellationToken.None);

    /// <summary>Suspends the tenant as another silo does whose word gets lost: in storage only, under the next epoch.</summary>
    public Task SuspendInStorageAsync() => Silos.RewriteAsync<TenantState>(TenantState.Name, TenantGrain.Type, GrainKeys.Of(Id), state => state with
    {
        Manifest = state.Manifest! with
        {
            Epoch = state.Manifest.Epoch + 1,
            Suspensions =
            [
                new Suspension
                {
                    Target = SuspensionTarget.Tenant, Subject = "", Reason = "", SuspendedBy = "test", SuspendedAt = Silos.Clock.GetUtcNow(),
                },
            ],
        },
    });

    public Task<SuspensionOutcome> ResumeAsync(string agent) => Grain.ResumeAsync(SuspensionTarget.Agent, agent, CancellationToken.None);

    public IAgentGrain Agent(string agent, IGrainFactory? from = null) =>
        (from ?? Silos.First).GetGrain<IAgentGrain>(GrainKeys.Of(Id, AgentId.Parse(agent)));

    public async Task<IAgentGrain> RegisterAsync(string agent, IGrainFactory? from = null, params (string Key, string Value)[] labels)
    {
        var grain = Agent(agent, from);
        var outcome = await grain.PutAsync(
            new PutAgentCommand(labels.ToImmutableSortedDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal), null),
            CancellationToken.None);
        Assert.Equal(PutAgentStatus.Done, outcome.Status);
        return grain;
    }

    public static AuthorizeRequest Ask(string resource = "model/openai/gpt-4") => new() { Action = "llm.generate", Resource = resource };
}
