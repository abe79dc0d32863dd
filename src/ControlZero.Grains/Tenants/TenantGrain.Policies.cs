using ControlZero.Abstractions;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Grains.Tenants;

/// <content>Which version of each policy is in force.</content>
internal sealed partial class TenantGrain
{
    public async Task<PublishOutcome> PublishPolicyAsync(PolicyPublication publication, CancellationToken cancellationToken)
    {
        var outcome = await InOrderAsync(() => PublishAsync(publication, cancellationToken), cancellationToken);

        // Unchanged: the publish that put it in force may have failed on the way to the other silos.
        return outcome.Status is PublishStatus.Published or PublishStatus.Unchanged
            ? outcome with { Acknowledgement = await AnnounceAsync(outcome.Epoch) }
            : outcome;
    }

    public async Task<PublishOutcome> DeletePolicyAsync(DeletePolicyCommand command, CancellationToken cancellationToken)
    {
        var outcome = await InOrderAsync(() => ChangeAsync(() => DeleteAsync(command, cancellationToken), cancellationToken), cancellationToken);
        return outcome.Status == PublishStatus.Deleted ? outcome with { Acknowledgement = await AnnounceAsync(outcome.Epoch) } : outcome;
    }

    private async Task<PublishOutcome> PublishAsync(PolicyPublication publication, CancellationToken cancellationToken)
    {
        if (await ChangeAsync(() => ManifestAsync(cancellationToken), cancellationToken) is not { } manifest)
        {
            return new PublishOutcome(PublishStatus.TenantUnknown, null, 0);
        }

        var current = manifest.Find(publication.Name);
        if (publishing.Refuse(manifest, current, publication) is { } refusal)
        {
            return refusal;
        }

        // Two writes are no transaction. The version is stored first: a crash in between leaves a number that was never in force,
        // and nobody was told of it.
        var version = await GrainFactory.GetGrain<IPolicyGrain>(GrainKeys.Of(publication.Tenant, publication.Name))
            .StoreAsync(publication, cancellationToken);
        var entry = publishing.Describe(publication.Name, version);
        return await ChangeAsync(() => PutInForceAsync(entry, current), cancellationToken);
    }

    // What else changed while the version was stored, a suspension above all, stays.
    private async Task<PublishOutcome> PutInForceAsync(PolicyEntry entry, PolicyEntry? replaced)
    {
        var manifest = _durable!;
        if (manifest.Find(entry.Name)?.Version != replaced?.Version)
        {
            throw WasReplaced();
        }

        var next = manifest with
        {
            Epoch = manifest.Epoch + 1,
            Policies = replaced is null ? manifest.Policies.Add(entry) : manifest.Policies.Replace(manifest.Find(entry.Name)!, entry),
        };
        await EnforceAsync(next);
        return new PublishOutcome(PublishStatus.Published, entry, next.Epoch);
    }

    private async Task<PublishOutcome> DeleteAsync(DeletePolicyCommand command, CancellationToken cancellationToken)
    {
        if (await ManifestAsync(cancellationToken) is not { } manifest)
        {
            return new PublishOutcome(PublishStatus.TenantUnknown, null, 0);
        }

        if (manifest.Find(command.Name) is not { } current)
        {
            return new PublishOutcome(PublishStatus.PolicyUnknown, null, manifest.Epoch);
        }

        if (command.ExpectedVersion is { } expected && expected != current.Version)
        {
            return new PublishOutcome(PublishStatus.VersionConflict, current, manifest.Epoch);
        }

        var next = manifest with { Epoch = manifest.Epoch + 1, Policies = manifest.Policies.Remove(current) };
        await EnforceAsync(next);
        return new PublishOutcome(PublishStatus.Deleted, null, next.Epoch);
    }
}
