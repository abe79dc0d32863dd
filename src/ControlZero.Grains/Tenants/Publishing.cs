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
    public static PolicyEntry Describe(PolicyPublication publication, long version, DateTimeOffset now)
    {
        var document = PolicyParser.Parse(publication.Document).Document
            ?? throw new ArgumentException($"the document of policy `{publication.Name}` was not checked", nameof(publication));
        return new PolicyEntry
        {
            Name = publication.Name,
            Version = version,
            Digest = PolicyDigest.Of(publication.Document),
            Description = document.Description,
            Priority = document.Priority,
            Enabled = document.Enabled,
            RuleCount = document.Rules.Length,
            PublishedAt = now,
            PublishedBy = publication.PublishedBy,
        };
    }
}
