using ControlZero.Abstractions;
using ControlZero.Abstractions.Policies;

namespace ControlZero.Grains.Policies;

/// <summary>
/// One version of a policy, in a record of its own: a policy's history never makes another record grow, and a version once written is
/// never written again. Key: <see cref="GrainKeys.OfVersion"/>. Only <see cref="PolicyGrain"/> calls it.
/// </summary>
[Alias("cz.IPolicyVersionGrain")]
internal interface IPolicyVersionGrain : IGrainWithStringKey
{
    /// <summary>Writes the version. False: one was written before, and nothing changed.</summary>
    [Alias("Write")]
    Task<bool> WriteAsync(StoredPolicyVersion version, CancellationToken cancellationToken);

    /// <summary>The version, or null: it was never written.</summary>
    [Alias("Read")]
    Task<StoredPolicyVersion?> ReadAsync(CancellationToken cancellationToken);
}
