using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Server.Authentication;

namespace ControlZero.Server.Tests.Authentication;

/// <summary>Callers without a key that is kept anywhere.</summary>
internal static class Callers
{
    /// <summary>One who may read and write all of the tenant, or of these agents.</summary>
    public static ClientIdentity Of(string tenant, params string[] agents) => new(new KeyRecord
    {
        Id = KeyId.Parse("abcdefghijkl"),
        Hash = "",
        Tenant = TenantId.Parse(tenant),
        Name = "",
        Scopes = [Scopes.Admin],
        Agents = [.. agents],
        CreatedAt = DateTimeOffset.UnixEpoch,
        CreatedBy = "",
    });
}
