using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Requests;

namespace ControlZero.Grains.Agents;

/// <content>What the agent may use now, and what is left of it. Decided as a dry run is: nothing is counted, charged or registered.</content>
internal sealed partial class AgentGrain
{
    public async Task<AccessOutcome> GetAccessAsync(AccessQuery query)
    {
        await CatchUpAsync();
        var snapshot = await LoadAsync(minEpoch: 0);
        var basis = CellBasis.Of(_agent, snapshot, Traits);
        var resources = query.Resources.IsEmpty ? KnownResources(basis) : query.Resources;
        var limits = basis.Limits.Where(limit => resources.Any(resource => limit.Applies(query.Action, resource))).ToImmutableArray();
        var standings = _cell is { } cell ? await cell.StandingsAsync(limits) : [];

        var page = resources.Skip(query.Skip).Take(query.Take);
        return new AccessOutcome([.. page.Select(Decide)], standings, snapshot.Epoch, resources.Length);

        AccessEntry Decide(string resource)
        {
            var decision = DecideWithoutLimits(basis, query.Action, resource);
            var counting = standings.IsEmpty ? [] : Enumerable.Range(0, limits.Length).Where(index => limits[index].Applies(query.Action, resource)).ToImmutableArray();
            if (decision.Allowed && !standings.IsEmpty)
            {
                decision = _cell!.DenialOf(basis, new AuthorizeRequest { Action = query.Action, Resource = resource }) ?? decision;
            }

            return new AccessEntry(resource, decision, counting, counting.IsEmpty ? null : counting.MinBy(index => Share(standings[index])));
        }
    }

    // What rules name, and every model that has a price.
    private ImmutableArray<string> KnownResources(CellBasis basis) =>
    [
        .. basis.Rules.ExactResources
            .Union(_cells.Quotas.Prices.Models.Select(model => $"model/{model.Name}").Where(resource => RequestSyntax.CheckResource(resource) is null), StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    private static double Share(LimitStanding limit) => limit.Limit == 0 ? 0 : limit.Remaining / (double)limit.Limit;

    private Decision DecideWithoutLimits(CellBasis basis, string action, string resource)
    {
        if (_cell is null && basis.Snapshot.Manifest.Settings.UnknownAgents != Abstractions.Tenants.UnknownAgents.Allow)
        {
            return UnknownAgent(basis.Snapshot).Decision;
        }

        return basis.EvaluateInForce(
            _agent, new AuthorizeRequest { Action = action, Resource = resource }, Clock.GetUtcNow(), Freshness.Age, Freshness.Bound).Decision;
    }
}
