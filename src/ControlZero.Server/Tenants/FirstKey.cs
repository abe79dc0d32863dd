using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Authentication;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Tenants;

/// <summary>Gives a new server its first tenant and the key by which everything else is made.</summary>
internal sealed class FirstKey(
    IGrainFactory grains,
    DataDirectory data,
    ServerOptions options,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : IHostedService
{
    /// <summary>True when this start made the key.</summary>
    public bool WasCreated { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var tenant = grains.GetGrain<ITenantGrain>(GrainKeys.Of(TenantId.Default));
        if (await tenant.GetManifestAsync(cancellationToken) is not null && data.ReadAdminKey() is null)
        {
            return;
        }

        // The file comes first: a crash before the key is stored leaves a file that the next start takes up, never a lost key.
        var found = data.ReadAdminKey();
        var key = found ?? data.WriteAdminKey(ApiKey.Generate(test: false));
        var record = KeyIssue.FirstOf(TenantId.Default, key, "", clock.GetUtcNow()) with
        {
            Name = "first key of the cluster",
            Scopes = [Scopes.Admin, Scopes.ClusterAdmin],
        };
        WasCreated = await tenant.CreateAsync(options.DefaultTenant.ToSettings(), record, cancellationToken);
        if (!WasCreated && found is null)
        {
            // Another server of the cluster was first, and its key is the one that was stored. Ours opens nothing.
            data.RemoveAdminKey();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
