using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Oracle;

/// <summary>What an evaluation comes to, as far as two evaluators must agree.</summary>
internal sealed record Verdict(string Effect, string RuleId, int? RuleIndex, string Policy, string ReasonCode, int EvaluatedRules)
{
    public static Verdict Of(Engine.Evaluation.Evaluation evaluation)
    {
        var decision = evaluation.Decision;
        return new(decision.Effect.ToWord(), decision.RuleId, decision.RuleIndex, decision.Policy, decision.ReasonCode, evaluation.EvaluatedRules);
    }
}

/// <summary>The rules of evaluation written down a second time, for clarity alone. Shares no code with the engine's matching and evaluation.</summary>
internal static class NaiveEvaluator
{
    public static Verdict Decide(IEnumerable<PolicyDocument> documents, Effect defaultOnEmpty, EvaluationRequest request) =>
        Decide(Applying(documents, request.AgentId).FindAll(policy => policy.Mode != PolicyMode.Shadow), defaultOnEmpty, request);

    /// <summary>What would be decided did the policies in shadow take part. Null: none of them applies.</summary>
    public static Verdict? DecideInShadow(IEnumerable<PolicyDocument> documents, Effect defaultOnEmpty, EvaluationRequest request)
    {
        var policies = Applying(documents, request.AgentId);
        return policies.Exists(policy => policy.Mode == PolicyMode.Shadow) ? Decide(policies, defaultOnEmpty, request) : null;
    }

    private static Verdict Decide(List<PolicyDocument> policies, Effect defaultOnEmpty, EvaluationRequest request)
    {
        if (policies.Count == 0)
        {
            return new Verdict(defaultOnEmpty.ToWord(), "synthetic:NO_ACTIVE_POLICIES", null, "", "NO_ACTIVE_POLICIES", 0);
        }

        var tried = policies.SelectMany(policy => policy.Rules, (policy, rule) => (policy, rule, answer: Try(rule, request))).ToList();
        var decided = tried.FindIndex(trial => trial.answer is not ("no" or "gate"));
        if (decided >= 0)
        {
            var (policy, rule, code) = tried[decided];
            var id = rule.Id ?? rule.Name ?? "rule-" + rule.Index;
            return new Verdict(rule.Effect.ToWord(), id, rule.Index, policy.Name, code, decided + 1);
        }

        var effect = new[] { Effect.Deny, Effect.Warn, Effect.Allow }.First(candidate => policies.Exists(policy => policy.DefaultAction == candidate));
        var gate = effect == Effect.Deny && tried.Exists(trial => trial.answer == "gate");
        return new Verdict(effect.ToWord(), gate ? "synthetic:RESOURCE_GATE_SKIP" : "synthetic:NO_RULE_MATCH", null, "", "NO_RULE_MATCH", tried.Count);
    }

    /// <summary>The limits that count a request, in the order of their policies.</summary>
    public static IEnumerable<QuotaLimit> LimitsOf(IEnumerable<PolicyDocument> documents, EvaluationRequest request)
    {
        var requested = Forms(request.Action, request.Action).ToList();
        return
            from policy in Applying(documents, request.AgentId)
            where policy.Mode == PolicyMode.Enforce
            from limit in policy.Limits
            let anyAction = limit.Actions.IsEmpty || limit.Actions.Any(CoversEveryAction)
            let anyResource = limit.Resources.IsEmpty || limit.Resources.Any(pattern => pattern.Trim('*').Length == 0)
            let action = anyAction || limit.Actions.Any(pattern => Forms(pattern, MaskClasses(pattern)).Any(form => requested.Exists(each => NaiveGlob.Matches(form, each, true))))
            let resource = anyResource || (string.IsNullOrEmpty(request.Resource)
                ? !anyAction
                : limit.Resources.Any(pattern => NaiveGlob.Matches(pattern, request.Resource!, true)))
            where action && resource
            select limit;
    }

    private static List<PolicyDocument> Applying(IEnumerable<PolicyDocument> documents, string agent) => documents
        .Where(policy => policy.Enabled && (policy.Agents.IsEmpty || policy.Agents.Any(pattern => NaiveGlob.Matches(pattern, agent, false))))
        .OrderBy(policy => policy.Priority)
        .ToList();

    // Whatever the action: `*`, and what is the same.
    private static bool CoversEveryAction(string pattern) =>
        Forms(pattern, MaskClasses(pattern)).Any(form => form.Split(':') is [{ Length: > 0 } tool, { Length: > 0 } method] && (tool + method).Trim('*').Length == 0);

    // The reason code when the rule decides, "gate" when it did not and its resource was in the way, else "no".
    private static string Try(PolicyRule rule, EvaluationRequest request)
    {
        var deny = rule.Effect == Effect.Deny;
        var actions = rule.Actions.SelectMany(pattern => Forms(pattern, MaskClasses(pattern)));
        var requested = Forms(request.Action, request.Action).ToList();
        if (!actions.Any(pattern => requested.Exists(form => NaiveGlob.Matches(pattern, form, deny))))
        {
            return "no";
        }

        var scoped = !rule.Resources.IsEmpty && !rule.Resources.Contains("*");
        var absent = string.IsNullOrEmpty(request.Resource);
        var named = !scoped || (!absent && rule.Resources.Any(pattern => NaiveGlob.Matches(pattern, request.Resource!, deny)));
        if (!named && !(absent && deny))
        {
            return "gate";
        }

        var answers = rule.Conditions.Select(condition => NaiveConditions.Ask(condition, request)).ToHashSet();
        if (answers.Contains("false") || (answers.Contains("error") && !deny))
        {
            return named ? "no" : "gate";
        }

        return answers.Contains("error") ? "CONDITION_ERROR" : named ? rule.ReasonCode ?? "RULE_MATCH" : "RESOURCE_REQUIRED";
    }

    private static string[] Forms(string name, string masked)
    {
        if (masked.Contains(':', StringComparison.Ordinal))
        {
            return [name];
        }

        var dot = masked.IndexOf('.', StringComparison.Ordinal);
        string[] forms = dot < 0 ? [name + ":*"] : [name + ":*", name.Remove(dot, 1).Insert(dot, ":")];
        return name.Contains(':', StringComparison.Ordinal) ? [name, .. forms] : forms;
    }

    /// <summary>The pattern with everything within brackets made harmless, position by position.</summary>
    private static string MaskClasses(string pattern)
    {
        var masked = "";
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '[')
            {
                masked += pattern[i];
                continue;
            }

            var first = pattern[i + 1] is '!' or '^' ? i + 2 : i + 1;
            var close = pattern.IndexOf(']', first + 1);
            masked += new string('_', close - i + 1);
            i = close;
        }

        return masked;
    }
}
