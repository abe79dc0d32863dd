using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tenants;

/// <summary>Between tenants and keys and their messages.</summary>
internal static class TenantMapping
{
    /// <exception cref="RpcException">A field is wrong.</exception>
    public static TenantSettings ReadSettings(CreateTenantRequest request)
    {
        var faults = new List<FieldFault>();
        if (!TryReadUnknownAgents(request.UnknownAgents, out var unknownAgents))
        {
            faults.Add(new FieldFault(
                "unknown_agents", "FIELD_VALUE", $"unknown_agents `{request.UnknownAgents}` is no choice", "send `deny` or `allow`"));
        }

        var defaultOnEmpty = Effect.Deny;
        if (request.DefaultOnEmpty.Length > 0
            && (!Effects.TryParse(request.DefaultOnEmpty, out defaultOnEmpty) || defaultOnEmpty == Effect.Audit))
        {
            faults.Add(new FieldFault(
                "default_on_empty", "FIELD_VALUE", $"default_on_empty `{request.DefaultOnEmpty}` is no default", "send `deny`, `warn` or `allow`"));
        }

        if (request.MaxAgents is < 0 or > Limits.TenantMaxAgents)
        {
            faults.Add(new FieldFault(
                "max_agents",
                "NUMBER_RANGE",
                $"max_agents {request.MaxAgents} is out of range",
                $"send 1 to {Limits.TenantMaxAgents}, or 0 for {Limits.TenantDefaultMaxAgents}",
                Limits.TenantMaxAgents,
                request.MaxAgents));
        }

        return faults.Count > 0
            ? throw RpcErrors.InvalidFields(faults).ToRpcException()
            : new TenantSettings
            {
                UnknownAgents = unknownAgents,
                MaxAgents = request.MaxAgents == 0 ? Limits.TenantDefaultMaxAgents : request.MaxAgents,
                DefaultOnEmpty = defaultOnEmpty,
                Test = request.Test,
                AllowStale = request.AllowStale,
            };
    }

    public static Tenant ToMessage(this TenantManifest manifest) => new()
    {
        TenantId = manifest.Tenant.Value,
        UnknownAgents = manifest.Settings.UnknownAgents == UnknownAgents.Allow ? "allow" : "deny",
        MaxAgents = manifest.Settings.MaxAgents,
        DefaultOnEmpty = manifest.Settings.DefaultOnEmpty.ToWord(),
        Test = manifest.Settings.Test,
        CreatedAt = manifest.CreatedAt.ToTimestamp(),
        AllowStale = manifest.Settings.AllowStale,
        Suspension = manifest.FindSuspension(SuspensionTarget.Tenant, "")?.ToMessage(),
        SuspendedAgents = manifest.Suspensions.Count(suspension => suspension.Target == SuspensionTarget.Agent),
    };

    public static Key ToMessage(this KeyRecord key) => new()
    {
        KeyId = key.Id.Value,
        Name = key.Name,
        Scopes = { key.Scopes },
        Agents = { key.Agents },
        CreatedAt = key.CreatedAt.ToTimestamp(),
        CreatedBy = key.CreatedBy,
        NotBefore = key.NotBefore?.ToTimestamp(),
        ExpiresAt = key.ExpiresAt?.ToTimestamp(),
        RevokedAt = key.RevokedAt?.ToTimestamp(),
    };

    private static bool TryReadUnknownAgents(string word, out UnknownAgents choice)
    {
        choice = word switch
        {
            "" or "deny" => UnknownAgents.Deny,
            "allow" => UnknownAgents.Allow,
            _ => UnknownAgents.Unspecified,
        };
        return choice != UnknownAgents.Unspecified;
    }
}
