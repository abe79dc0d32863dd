using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Enforcement;

/// <summary><c>cz settle</c> and <c>cz cancel</c>: how a reserved call ended.</summary>
internal static class SettleCommand
{
    public static Command Create(CommandRunner runner)
    {
        var token = Token();
        var agent = Agent();
        var input = Figure("--input-tokens", "Tokens of the prompt, cached ones included.");
        var output = Figure("--output-tokens", "Tokens of the answer, reasoning included.");
        var cached = Figure("--cached-input-tokens", "Of the prompt's, those the provider read from its cache.");
        var written = Figure("--cache-write-tokens", "Of the prompt's, those the provider wrote to its cache.");
        var reasoning = Figure("--reasoning-tokens", "Of the answer's, those of reasoning.");
        var cost = Dollars.Option("--cost", "What the provider billed. Default: computed by the cluster from the tokens.");
        var model = new Option<string?>("--response-model") { Description = "The model that answered. Default: the one that was asked for.", HelpName = "model/x" };
        var command = new Command("settle", "Says what a reserved call really used: the difference is given back or charged, once. A figure left out stays as it was reserved.")
        {
            token, agent, input, output, cached, written, reasoning, cost, model,
        };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var usage = new Usage();
            Set(run.Value(input), figure => usage.InputTokens = figure);
            Set(run.Value(output), figure => usage.OutputTokens = figure);
            Set(run.Value(cached), figure => usage.CachedInputTokens = figure);
            Set(run.Value(written), figure => usage.CacheWriteTokens = figure);
            Set(run.Value(reasoning), figure => usage.ReasoningTokens = figure);
            Set(run.Value(cost), figure => usage.CostNanosUsd = figure);
            var request = new SettleRequest { Token = run.Value(token), AgentId = AgentOf(run, agent), Usage = usage, ResponseModel = run.Value(model) ?? "" };
            var answer = await run.Client.Enforcement.SettleAsync(request, cancellationToken: cancellationToken);
            return Show(run, answer.Limits, answer.Late, answer.Replayed, answer.Overrun, answer.ModelDrift);
        });
        return command;
    }

    /// <summary><c>cz cancel</c>.</summary>
    public static Command CreateCancel(CommandRunner runner)
    {
        var token = Token();
        var agent = Agent();
        var command = new Command("cancel", "Gives back what was reserved for a call that was not made.") { token, agent };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new CancelRequest { Token = run.Value(token), AgentId = AgentOf(run, agent) };
            var answer = await run.Client.Enforcement.CancelAsync(request, cancellationToken: cancellationToken);
            return Show(run, answer.Limits, answer.Late, answer.Replayed, overrun: false, drift: false);
        });
        return command;
    }

    private static Argument<string> Token() => new("token") { Description = "The reservation, as `cz enforce` shows it." };

    private static Option<string?> Agent() => new("--agent")
    {
        Description = "The agent it is for. Default: $CONTROLZERO_AGENT_ID, else the one the key is bound to.",
        HelpName = "id",
    };

    private static Option<long?> Figure(string name, string description) => new(name) { Description = description, HelpName = "tokens" };

    private static string AgentOf(Invocation run, Option<string?> agent) => run.Value(agent) ?? run.AgentOfEnvironment ?? "";

    private static void Set(long? figure, Action<long> set)
    {
        if (figure is { } known)
        {
            set(known);
        }
    }

    private static int Show(Invocation run, IReadOnlyCollection<LimitState> limits, bool late, bool replayed, bool overrun, bool drift)
    {
        if (run.Report.IsJson)
        {
            run.Report.Json(new { Late = late, Replayed = replayed, Overrun = overrun, ModelDrift = drift, Limits = limits.Select(LimitRows.Shape) });
            return ExitCodes.Ok;
        }

        Say(run, late, "it had expired before: what was reserved stays charged");
        Say(run, replayed, "it had ended so before: nothing was charged or given back again");
        Say(run, overrun, "more was used than reserved");
        Say(run, drift, "the answer came from a model that was not authorised");
        run.Report.Table(LimitRows.Columns, LimitRows.Of(limits, run.Host.Clock.GetUtcNow()));
        return ExitCodes.Ok;
    }

    private static void Say(Invocation run, bool isSo, string words)
    {
        if (isSo)
        {
            run.Report.Words(words);
        }
    }
}
