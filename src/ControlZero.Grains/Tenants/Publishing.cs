using System.Text;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Grains.Policies;

namespace ControlZero.Grains.Tenants;

/// <summary>The rules of a publish that need no storage.</summary>
internal sealed class Publishing(PolicyDocuments documents)
{
    /// <summary>Why nothing is to be stored, or null: it is to be.</summary>
    public PublishOutcome? Refuse(TenantManifest manifest, PolicyEntry? current, PolicyPublication publication)
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
            : RefuseSize(manifest, current, publication);
    }

    // Of the enabled ones: they are what a silo compiles and keeps.
    private PublishOutcome? RefuseSize(TenantManifest manifest, PolicyEntry? current, PolicyPublication publication)
    {
        var read = documents.Read(publication.Document);
        if (read.Document?.Enabled != true)
        {
            return null;
        }

        var others = manifest.Policies.Where(policy => policy.Enabled && policy.Name != publication.Name).ToList();
        if (others.Sum(policy => (long)policy.Bytes) + Encoding.UTF8.GetByteCount(publication.Document) > Limits.TenantMaxPolicyBytes)
        {
            return new PublishOutcome(PublishStatus.TooManyPolicyBytes, current, manifest.Epoch);
        }

        if (read.Document.Limits.Length > 0 && others.Sum(policy => policy.Limits) + read.Document.Limits.Length > Limits.TenantMaxLimits)
        {
            return new PublishOutcome(PublishStatus.TooManyLimits, current, manifest.Epoch);
        }

        return others.Sum(policy => (long)policy.Values) + read.Values > Limits.TenantMaxPolicyValues
            ? new PublishOutcome(PublishStatus.TooManyPolicyValues, current, manifest.Epoch)
            : null;
    }

    /// <summary>The manifest's entry for a stored version.</summary>
    public PolicyEntry Describe(PolicyName name, StoredPolicyVersion version)
    {
        var read = documents.Read(version.Document);
        var document = read.Document
            ?? throw new ArgumentException($"the document of policy `{name}` was not checked", nameof(version));
        return new PolicyEntry
        {
            Name = name,
            Version = version.Version,
            Digest = version.Digest,
            Description = document.Description,
            Priority = document.Priority,
            Enabled = document.Enabled,
            Mode = document.Mode,
            RuleCount = document.Rules.Length,
            PublishedAt = version.PublishedAt,
            PublishedBy = version.PublishedBy,
            Bytes = Encoding.UTF8.GetByteCount(version.Document),
            Values = read.Values,
            Limits = document.Limits.Length,
        };
    }
}
