using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Policies;

namespace ControlZero.Grains.Tenants;

/// <summary>The rules of a publish that need no storage.</summary>
internal static class Publishing
{
    /// <summary>Why nothing is to be stored, or null: it is to be.</summary>
    public static PublishOutcome? Refuse(TenantManifest manifest, PolicyEntry? current, PolicyPublication publication)
    {
        if (publication.ExpectedVersion is { } expected && expected != (current?.Version ?? 0))
        {
            return new PublishOutcome(PublishStatus.VersionConflict, current, manifest.Epoch);
        }

        if (current?.Digest == PolicyDigest.Of(publication.Document))
        {
            return new PublishOutcome(PublishStatus.Unchanged, current, manifest.Epoch);
        }

        return current is null && manifest.Policies.Length >= Limits.TenantMaxPolicies
            ? new PublishOutcome(PublishStatus.TooManyPolicies, null, manifest.Epoch)
            : null;
    }

    /// <summary>The manifest's entry for a stored version.</summary>
    public static PolicyEntry Describe(PolicyName name, StoredPolicyVersion version)
    {
        var document = PolicyParser.Parse(version.Document).Document
            ?? throw new ArgumentException($"the document of policy `{name}` was not checked", nameof(version));
        return new PolicyEntry
        {
            Name = name,
            Version = version.Version,
            Digest = version.Digest,
            Description = document.Description,
            Priority = document.Priority,
            Enabled = document.Enabled,
            RuleCount = document.Rules.Length,
            PublishedAt = version.PublishedAt,
            PublishedBy = version.PublishedBy,
        };
    }
}
