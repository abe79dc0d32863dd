using ControlZero.Abstractions.Agents;

namespace ControlZero.Server.Enforcement;

/// <summary>Checked questions of one call, by agent and in their order.</summary>
internal sealed class AgentGroups
{
    private Dictionary<AgentId, List<PlacedQuestion>> _groups = [];

    /// <summary>How many questions there are.</summary>
    public int Count { get; private set; }

    /// <summary>True when a question about the agent is waiting here: later ones must not overtake it.</summary>
    public bool Has(AgentId agent) => Count > 0 && _groups.ContainsKey(agent);

    public void Add(ulong place, EnforceQuestion question)
    {
        if (!_groups.TryGetValue(question.Agent, out var group))
        {
            _groups.Add(question.Agent, group = []);
        }

        group.Add(new PlacedQuestion(place, question));
        Count++;
    }

    /// <summary>All groups. None is left here.</summary>
    public IReadOnlyCollection<List<PlacedQuestion>> Take()
    {
        if (Count == 0)
        {
            return [];
        }

        var groups = _groups;
        _groups = [];
        Count = 0;
        return groups.Values;
    }
}

/// <summary>A question and where its answer belongs.</summary>
/// <param name="Place">Position in a batch, or correlation id in a stream.</param>
/// <param name="Question">The question.</param>
internal readonly record struct PlacedQuestion(ulong Place, EnforceQuestion Question);
