using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Connection;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Option = System.CommandLine.Option;

namespace ControlZero.Cli.Audit;

/// <summary>The options that say which events; several commands share them.</summary>
internal sealed class EventOptions
{
    private readonly Option<string?> _agent = new("--agent") { Description = "Exactly this agent.", HelpName = "id" };
    private readonly Option<string?> _effect = new("--effect") { Description = "Exactly this effect: allow, deny, warn or audit.", HelpName = "effect" };
    private readonly Option<string?> _model = new("--model") { Description = "Exactly this model, for example `openai/gpt-4`.", HelpName = "name" };
    private readonly Option<string?> _policy = new("--policy") { Description = "Exactly this policy.", HelpName = "name" };
    private readonly Option<string?> _rule = new("--rule") { Description = "Exactly this rule.", HelpName = "id" };
    private readonly Option<Moment?> _from = new("--from") { Description = "The earliest time: RFC 3339, or how long ago, for example `2h`.", HelpName = "time", CustomParser = Parse };
    private readonly Option<Moment?> _to = new("--to") { Description = "The latest time, exclusive. Default: now.", HelpName = "time", CustomParser = Parse };

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

    private static Moment? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (Durations.TryParse(text, out var ago))
        {
            return new Moment(ago, null);
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant) && char.IsAsciiDigit(text[0]))
        {
            return new Moment(default, instant);
        }

        result.AddError($"`{text}` is no time; write one like `2026-11-27T12:00:00Z`, or how long ago, for example `2h`");
        return null;
    }

    private sealed record Moment(TimeSpan Ago, DateTimeOffset? Instant)
    {
        public Timestamp At(TimeProvider clock) => (Instant ?? clock.GetUtcNow() - Ago).ToTimestamp();
    }
}
