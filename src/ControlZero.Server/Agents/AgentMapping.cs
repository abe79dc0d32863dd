using ControlZero.Abstractions.Agents;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tenants;
using Google.Protobuf.WellKnownTypes;
using Suspension = ControlZero.Abstractions.Tenants.Suspension;

namespace ControlZero.Server.Agents;

/// <summary>From agents to their messages.</summary>
internal static class AgentMapping
{
    /// <summary>An agent with what stops it. Null: it is neither registered nor suspended.</summary>
    public static Agent? ToMessage(AgentId id, AgentDescription? registered, Suspension? suspension)
    {
        if (registered is null && suspension is null)
        {
            return null;
        }

        var message = registered is null ? new Agent { AgentId = id.Value } : registered.ToMessage();
        message.Suspension = suspension?.ToMessage();
        return message;
    }

    public static Agent ToMessage(this AgentDescription agent) => new()
    {
        AgentId = agent.Agent.Value,
        Labels = { agent.Labels.ToDictionary() },
        Version = agent.Version,
        CreatedAt = agent.CreatedAt.ToTimestamp(),
        UpdatedAt = agent.UpdatedAt.ToTimestamp(),
        Limits = { AgentLimitMapping.ToMessages(agent.Limits) },
    };
}
