using System.Diagnostics.CodeAnalysis;

namespace ControlZero.Client.Routing;

/// <summary>Which address owns an agent, for those the cluster named another owner of. When it is full, the agent asked about longest ago is forgotten.</summary>
/// <param name="capacity">Unit: agents.</param>
internal sealed class AgentOwners(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Agent, Endpoint Owner)>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Agent, Endpoint Owner)> _latestFirst = [];

    /// <summary>The owner, if it is known.</summary>
    public bool TryGet(string agent, [NotNullWhen(true)] out Endpoint? owner)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(agent, out var node))
            {
                owner = null;
                return false;
            }

            _latestFirst.Remove(node);
            _latestFirst.AddFirst(node);
            owner = node.Value.Owner;
            return true;
        }
    }

    /// <summary>Remembers the owner.</summary>
    public void Set(string agent, Endpoint owner)
    {
        lock (_gate)
        {
            if (_nodes.Remove(agent, out var old))
            {
                _latestFirst.Remove(old);
            }
            else if (_nodes.Count == capacity)
            {
                _nodes.Remove(_latestFirst.Last!.Value.Agent);
                _latestFirst.RemoveLast();
            }

            _nodes[agent] = _latestFirst.AddFirst((agent, owner));
        }
    }

    /// <summary>Forgets the owner, if it is known.</summary>
    public void Forget(string agent)
    {
        lock (_gate)
        {
            if (_nodes.Remove(agent, out var node))
            {
                _latestFirst.Remove(node);
            }
        }
    }
}
