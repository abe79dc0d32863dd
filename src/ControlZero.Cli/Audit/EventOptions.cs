using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Audit;

/// <summary>The options that say which events; several commands share them.</summary>
internal sealed class EventOptions
{
    private readonly Option<string?> _agent = new("--agent") { Description = "Exactly this agent.", HelpName = "id" };
    private readonly Option<string?> _effect = new("--effect") { Description = "Exactly this effect: allow, deny, warn or audit.", HelpName = "effect" };
    private readonly Option<string?> _model = new("--model") { Description = "Exactly this model, for example `openai/gpt-4`.", HelpName = "name" };
    private readonly Option<string?> _policy = new("--policy") { Description = "Exactly this policy.", HelpName = "name" };
    private readonly Option<string?> _rule = new("--rule") { Description = "Exactly this rule.", HelpName = "id" };
    private readonly Option<EventTime?> _from = EventTime.Option("--from", "The earliest time: RFC 3339, or how long ago, for example `2h`.");
    private readonly Option<EventTime?> _to = EventTime.Option("--to", "The latest time, exclusive. Default: now.");

    /// <summary>What selects events.</summary>
    public IEnumerable<Option> Filters => [_agent, _effect, _model, _policy, _rule];

    /// <summary>What selects times.</summary>
    public IEnumerable<Option> Times => [_from, _to];

    public EventFilter Filter(Invocation run) => new()
    {
        AgentId = run.Value(_agent) ?? "",
        Effect = run.Value(_effect) ?? "",
        Model = run.Value(_model) ?? "",
        Policy = run.Value(_policy) ?? "",
        RuleId = run.Value(_rule) ?? "",
    };

    public QueryEventsRequest Query(Invocation run) => new()
    {
        Filter = Filter(run),
        From = run.Value(_from)?.At(run.Host.Clock),
        To = run.Value(_to)?.At(run.Host.Clock),
    };
}
