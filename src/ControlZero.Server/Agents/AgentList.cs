using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Requests;
using ControlZero.Grains.Catalog;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;
using Suspension = ControlZero.Abstractions.Tenants.Suspension;

namespace ControlZero.Server.Agents;

/// <summary>A tenant's agents, page by page, from storage: registered ones, and those that are only suspended. What a page reads has an end.</summary>
internal sealed class AgentList(StoredLists lists, StoredRecords records)
{
    /// <summary>Most ids a page looks at. What it shows may be few of them: agents may be deleted, or none of the key's business.</summary>
    public const int MostIds = 2000;

    /// <summary>Reads one page.</summary>
    /// <exception cref="RpcException">A field is wrong.</exception>
    public async Task<ListAgentsResponse> ReadAsync(
        ListAgentsRequest request, ClientIdentity caller, TenantManifest manifest, CancellationToken cancellationToken)
    {
        var page = PageRequest.Read(request.PageSize, request.PageToken, $"agents\n{caller.Tenant}\n{CheckedPrefix(request.AgentIdPrefix)}");
        var after = page.After is null ? (AgentId?)null : AgentId.TryParse(page.After, out var place) ? place : throw PageRequest.BadToken();
        if (Narrow(request.AgentIdPrefix, caller.AgentPrefix) is not { } prefix)
        {
            return new ListAgentsResponse();
        }

        // A place that is before all of the narrower range begins with something else.
        after = after?.Value.StartsWith(prefix, StringComparison.Ordinal) == true ? after : null;
        var suspended = manifest.Suspensions
            .Where(suspension => suspension.Target == SuspensionTarget.Agent && suspension.Subject.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(suspension => AgentId.Parse(suspension.Subject));
        var shown = new List<Agent>();
        var isLast = false;
        for (var looked = 0; shown.Count <= page.Size && !isLast && looked < MostIds;)
        {
            // One more than the page shows, which tells whether there is a next one.
            var wanted = Math.Min(page.Size + 1 - shown.Count, MostIds - looked);
            var ids = await lists.AgentsAsync(caller.Tenant, prefix, after, wanted, cancellationToken);
            isLast = ids.Count < wanted;
            looked += ids.Count;
            var beyond = suspended.Keys.Where(id => IsAfter(id, after) && (isLast || !IsAfter(id, ids[^1])));
            shown.AddRange(await DescribeAsync(ids.Union(beyond).Where(caller.SpeaksFor), suspended, caller.Tenant, cancellationToken));
            after = isLast ? after : ids[^1];
        }

        return shown.Count > page.Size
            ? new ListAgentsResponse { Agents = { shown.Take(page.Size) }, NextPageToken = page.TokenOf(shown[page.Size - 1].AgentId) }
            : new ListAgentsResponse { Agents = { shown }, NextPageToken = isLast ? "" : page.TokenOf(after!.Value.Value) };
    }

    private Task<IEnumerable<Agent>> DescribeAsync(
        IEnumerable<AgentId> some, Dictionary<AgentId, Suspension> suspended, TenantId tenant, CancellationToken cancellationToken) => RecordReads.ReadAllAsync(
            [.. some.OrderBy(id => id.Value, StringComparer.Ordinal)],
            async (AgentId id, CancellationToken cancellation) =>
                AgentMapping.ToMessage(id, await records.ReadAgentAsync(tenant, id, cancellation), suspended.GetValueOrDefault(id)),
            cancellationToken);

    private static bool IsAfter(AgentId id, AgentId? after) => after is not { } place || string.CompareOrdinal(id.Value, place.Value) > 0;

    // Null: nothing begins with both.
    private static string? Narrow(string asked, string bound) =>
        asked.StartsWith(bound, StringComparison.Ordinal) ? asked : bound.StartsWith(asked, StringComparison.Ordinal) ? bound : null;

    private static string CheckedPrefix(string prefix) => prefix.Length == 0 || RequestSyntax.CheckAgentId(prefix) is not { } fault
        ? prefix
        : throw RpcErrors.InvalidFields([new FieldFault(
            "agent_id_prefix", fault.Code, "agent_id_prefix is no beginning of an agent's id", "send the first characters of one, `[a-z0-9][a-z0-9._:@-]{0,127}`, or none")])
            .ToRpcException();
}
