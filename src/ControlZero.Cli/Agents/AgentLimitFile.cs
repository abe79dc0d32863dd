using ControlZero.Cli.Policies;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Agents;

/// <summary>Limits of an agent's own, written as a policy's: a file with <c>limits</c> and nothing else, in JSON or YAML.</summary>
internal static class AgentLimitFile
{
    /// <summary>Reads a file, or stdin for <c>-</c>.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or a limit in it is wrong.</exception>
    public static AgentLimits Read(CliHost host, string file)
    {
        var parsed = PolicyParser.ParseLimits(PolicyFiles.Read(host, file));
        if (!parsed.IsValid)
        {
            throw CommandFailure.Usage(string.Join('\n', parsed.Diagnostics.Select(Finding.Of).Where(finding => finding.IsError()).Select(finding => finding.Describe(file))));
        }

        if (parsed.Limits.Any(limit => limit.Scope != QuotaScope.Agent))
        {
            throw CommandFailure.Usage($"`{file}`: a limit is `per: tenant`; an agent's own are for itself, so state that one in a policy");
        }

        if (parsed.Limits.FirstOrDefault(limit => limit.FallbackPrice is not null || limit.Hold != QuotaLimit.DefaultHold) is { } other)
        {
            throw CommandFailure.Usage($"`{file}`: the limit `{other.Key.Name}` has a `fallback_price` or a `hold`, which only policies take; state it in one");
        }

        return new AgentLimits { Limits = { parsed.Limits.Select(ToMessage) } };
    }

    private static AgentLimit ToMessage(QuotaLimit limit)
    {
        var message = new AgentLimit
        {
            Name = limit.Key.Name,
            Metric = limit.Metric.ToWord(),
            Limit = limit.Limit,
            Window = limit.Window?.Text ?? "",
            Timezone = limit.Window?.Zone ?? "",
            Actions = { limit.Actions },
            Resources = { limit.Resources },
        };
        if (limit.DefaultEstimate is { } estimate)
        {
            message.DefaultEstimate = estimate;
        }

        return message;
    }
}
