using System.Collections.Immutable;
using System.Text;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tenants;

/// <summary>What a new key may be: within its creator's scopes and binding.</summary>
internal static class KeyIssue
{
    /// <summary>The first key of a tenant: everything within it.</summary>
    public static KeyRecord FirstOf(TenantId tenant, ApiKey key, string createdBy, DateTimeOffset now) => new()
    {
        Id = key.Id,
        Hash = key.Hash,
        Tenant = tenant,
        Name = "first key",
        Scopes = [Scopes.Admin],
        Agents = [],
        CreatedAt = now,
        CreatedBy = createdBy,
    };

    /// <exception cref="RpcException">A field is wrong, or the caller lacks what it wants to give.</exception>
    public static KeyRecord Read(CreateKeyRequest request, ClientIdentity caller, ApiKey key, DateTimeOffset now)
    {
        var faults = new List<FieldFault>();
        CheckName(request.Name, faults);
        CheckScopes(request.Scopes, faults);
        var patterns = ReadPatterns(request.Agents, faults);
        var notBefore = ReadMoment("not_before", request.NotBefore, faults);
        var expiresAt = ReadMoment("expires_at", request.ExpiresAt, faults);
        if (expiresAt <= (notBefore > now ? notBefore : now))
        {
            faults.Add(new FieldFault("expires_at", "TIME_RANGE", "the key would never be valid", "send a later moment, or none"));
        }

        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidFields(faults).ToRpcException();
        }

        CheckHeld(request.Scopes, patterns, caller);
        return new KeyRecord
        {
            Id = key.Id,
            Hash = key.Hash,
            Tenant = caller.Tenant,
            Name = request.Name,
            Scopes = [.. request.Scopes.Distinct()],
            Agents = patterns.IsEmpty ? caller.Key.Agents : [.. request.Agents.Distinct()],
            CreatedAt = now,
            CreatedBy = caller.Key.Id.Value,
            NotBefore = notBefore,
            ExpiresAt = expiresAt,
        };
    }

    private static void CheckHeld(IEnumerable<string> scopes, ImmutableArray<Glob> patterns, ClientIdentity caller)
    {
        // Only the first key of a cluster has it: who holds a copy of it would hold every tenant.
        if (scopes.FirstOrDefault(scope => scope == Scopes.ClusterAdmin || !caller.Holds(scope)) is { } lacking)
        {
            throw RpcErrors.ScopeNotHeld(lacking).ToRpcException();
        }

        if (patterns.FirstOrDefault(pattern => !caller.SpeaksForAll(pattern)) is { } foreign)
        {
            throw RpcErrors.BindingNotHeld(foreign.Pattern).ToRpcException();
        }
    }

    private static void CheckName(string name, List<FieldFault> faults)
    {
        var size = Encoding.UTF8.GetByteCount(name);
        if (size > Limits.KeyNameMaxBytes)
        {
            faults.Add(new FieldFault(
                "name", FaultCodes.FieldTooLong, $"name has {size} bytes, {Limits.KeyNameMaxBytes} are allowed", "shorten it", Limits.KeyNameMaxBytes, size));
        }

        if (name.Any(char.IsControl))
        {
            faults.Add(new FieldFault("name", FaultCodes.NameSyntax, "name holds a control character", "leave it out"));
        }
    }

    private static void CheckScopes(RepeatedField<string> scopes, List<FieldFault> faults)
    {
        var known = string.Join(", ", Scopes.All.Select(scope => $"`{scope}`"));
        if (scopes.Count == 0)
        {
            faults.Add(new FieldFault("scopes", FaultCodes.FieldRequired, "scopes is missing or empty", $"name at least one of {known}"));
        }

        faults.AddRange(scopes
            .Where(scope => !Scopes.All.Contains(scope))
            .Select(scope => new FieldFault("scopes", "SCOPE_UNKNOWN", $"scopes holds `{scope}`, which is no scope", $"choose from {known}")));
    }

    private static ImmutableArray<Glob> ReadPatterns(RepeatedField<string> agents, List<FieldFault> faults)
    {
        if (agents.Count > Limits.KeyMaxAgentPatterns)
        {
            faults.Add(new FieldFault(
                "agents",
                "TOO_MANY",
                $"agents has {agents.Count} entries, {Limits.KeyMaxAgentPatterns} are allowed",
                "use patterns that match more",
                Limits.KeyMaxAgentPatterns,
                agents.Count));
            return [];
        }

        faults.AddRange(agents.Select(RequestSyntax.CheckAgentPattern).OfType<FieldFault>());
        return [.. agents.Select(pattern => Glob.TryParse(pattern, out var glob, out _) ? glob : null).OfType<Glob>()];
    }

    private static DateTimeOffset? ReadMoment(string field, Timestamp? moment, List<FieldFault> faults)
    {
        try
        {
            return moment?.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            faults.Add(new FieldFault(field, "TIME_RANGE", $"{field} is no moment between the years 1 and 9999", "send seconds since 1970 and nanos from 0 to 999,999,999"));
            return null;
        }
    }
}
