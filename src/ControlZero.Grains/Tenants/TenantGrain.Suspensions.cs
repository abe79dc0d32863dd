using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;

namespace ControlZero.Grains.Tenants;

/// <content>The kill switches. They stand in the manifest: a suspension is a change of what is in force like any other.</content>
internal sealed partial class TenantGrain
{
    public async Task<SuspensionOutcome> SuspendAsync(SuspendCommand command, CancellationToken cancellationToken) =>
        await TellAsync(await ChangeAsync(() => StopAsync(command, cancellationToken), cancellationToken));

    public async Task<SuspensionOutcome> ResumeAsync(SuspensionTarget target, string subject, CancellationToken cancellationToken) =>
        await TellAsync(await ChangeAsync(() => LiftAsync(target, subject, cancellationToken), cancellationToken));

    // Also of what was so already: the call before may have failed on the way to the other silos.
    private async Task<SuspensionOutcome> TellAsync(SuspensionOutcome outcome) =>
        outcome.Status is SuspensionStatus.Changed or SuspensionStatus.Unchanged
            ? outcome with { Acknowledgement = await AnnounceAsync(outcome.Epoch) }
            : outcome;

    private async Task<SuspensionOutcome> StopAsync(SuspendCommand command, CancellationToken cancellationToken)
    {
        if (await ManifestAsync(cancellationToken) is not { } manifest)
        {
            return new SuspensionOutcome(SuspensionStatus.TenantUnknown, null, 0, null);
        }

        if (manifest.FindSuspension(command.Target, command.Subject) is { } existing)
        {
            return new SuspensionOutcome(SuspensionStatus.Unchanged, existing, manifest.Epoch, null);
        }

        if (manifest.Suspensions.Length >= Limits.TenantMaxSuspensions)
        {
            return new SuspensionOutcome(SuspensionStatus.TooMany, null, manifest.Epoch, null);
        }

        var suspension = new Suspension
        {
            Target = command.Target,
            Subject = command.Subject,
            Reason = command.Reason,
            SuspendedAt = clock.GetUtcNow(),
            SuspendedBy = command.By,
        };
        var next = manifest with { Epoch = manifest.Epoch + 1, Suspensions = manifest.Suspensions.Add(suspension) };
        await EnforceAsync(next);
        return new SuspensionOutcome(SuspensionStatus.Changed, suspension, next.Epoch, null);
    }

    private async Task<SuspensionOutcome> LiftAsync(SuspensionTarget target, string subject, CancellationToken cancellationToken)
    {
        if (await ManifestAsync(cancellationToken) is not { } manifest)
        {
            return new SuspensionOutcome(SuspensionStatus.TenantUnknown, null, 0, null);
        }

        if (manifest.FindSuspension(target, subject) is not { } suspension)
        {
            return new SuspensionOutcome(SuspensionStatus.Unchanged, null, manifest.Epoch, null);
        }

        var next = manifest with { Epoch = manifest.Epoch + 1, Suspensions = manifest.Suspensions.Remove(suspension) };
        await EnforceAsync(next);
        return new SuspensionOutcome(SuspensionStatus.Changed, null, next.Epoch, null);
    }
}
