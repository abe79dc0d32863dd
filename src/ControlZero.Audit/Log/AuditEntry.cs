using ControlZero.Abstractions.Tenants;

namespace ControlZero.Audit.Log;

/// <summary>What is to be logged. The log adds sequence, salt, previous hash and hash, and looks at nothing in the body.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Body">The event: one JSON object in UTF-8, canonical, without a line feed. Copied before the call returns, so its buffer is free again.</param>
public readonly record struct AuditEntry(TenantId Tenant, DateTimeOffset Time, ReadOnlyMemory<byte> Body)
{
    /// <summary>Longest body, in bytes. A longer one is an <see cref="ArgumentException"/>.</summary>
    public const int LongestBody = 512 * 1024;
}
