using System.Globalization;
using ControlZero.Cli.Policies;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Requests;

namespace ControlZero.Cli.Cases;

/// <summary>Decides cases with the engine, held against the same rules of syntax as requests to the cluster.</summary>
/// <param name="clock">The time of cases that name none.</param>
internal sealed class CaseRunner(TimeProvider clock)
{
    /// <summary>How a value that is not there is spelled in expectations and messages.</summary>
    public const string None = "(none)";

    private const string PolicyInvalid = "POLICY_INVALID";

    /// <summary>Decides one case and compares.</summary>
    public CaseResult Run(PolicyCase item)
    {
        var policies = new List<CompiledPolicy>();
        foreach (var document in item.Documents)
        {
            var parsed = PolicyParser.Parse(document.Text);
            if (parsed.Document is null)
            {
                var finding = Finding.Of(parsed.Diagnostics.First(found => found.Severity == Engine.Diagnostics.DiagnosticSeverity.Error));
                return Refused(item, PolicyInvalid, $"{document.Origin}:{finding.Line}:{finding.Column} {finding.Code} {finding.Message}; {finding.Remedy}");
            }

            policies.Add(CompiledPolicy.Compile(parsed.Document, version: 1));
        }

        return RequestFault(item) is { } fault && !IsHarmless(fault, item)
            ? Refused(item, fault.Code, $"request.{fault.Field}: {fault.Message}; {fault.Remedy}")
            : Compare(item, Decide(item, policies));
    }

    private Decision Decide(PolicyCase item, List<CompiledPolicy> policies) =>
        PolicySet.Create(policies, item.DefaultOnEmpty).For(item.Agent).DecideAll(new EvaluationRequest
        {
            AgentId = item.Agent,
            Action = item.Action,
            Resource = item.Resource,
            Context = item.Context,
            Labels = item.Labels,
            Now = item.Time ?? clock.GetUtcNow(),
        }, []).Evaluation.Decision;

    private static FieldFault? RequestFault(PolicyCase item) =>
        RequestSyntax.CheckAgentId(item.Agent)
        ?? RequestSyntax.CheckAction(item.Action)
        ?? (string.IsNullOrEmpty(item.Resource) ? null : RequestSyntax.CheckResource(item.Resource))
        ?? (item.Context is null ? null : RequestSyntax.CheckContext(item.Context))
        ?? RequestSyntax.CheckLabels(item.Labels);

    // As TestPolicy has it: Enforce refuses a context that claims a fact of the server's own, but no condition reads the claim, so a case
    // may show just that. One that wants the refusal says so.
    private static bool IsHarmless(FieldFault fault, PolicyCase item) =>
        fault.Code == FaultCodes.ContextReserved && !item.Expect.ContainsKey("error");

    private static CaseResult Refused(PolicyCase item, string code, string why)
    {
        if (item.Expect.TryGetValue("error", out var wanted))
        {
            return new CaseResult(item.File, item.Name, null, wanted == code ? [] : [new CaseDifference("error", wanted, $"{code}: {why}")]);
        }

        return new CaseResult(item.File, item.Name, $"{code}: {why}", []);
    }

    private static CaseResult Compare(PolicyCase item, Decision decision)
    {
        var differences = from expectation in item.Expect
                          let got = Got(expectation.Key, decision)
                          where got != expectation.Value
                          select new CaseDifference(expectation.Key, expectation.Value, got);
        return new CaseResult(item.File, item.Name, null, [.. differences]);
    }

    private static string Got(string field, Decision decision) => field switch
    {
        "effect" => decision.Effect.ToWord(),
        "rule" => decision.RuleId,
        "rule_index" => decision.RuleIndex?.ToString(CultureInfo.InvariantCulture) ?? None,
        "policy" => decision.Policy.Length > 0 ? decision.Policy : None,
        "reason_code" => decision.ReasonCode,
        "shadow_effect" => decision.Shadow?.Effect.ToWord() ?? None,
        "shadow_rule" => decision.Shadow?.RuleId ?? None,
        "shadow_policy" => decision.Shadow is { Policy.Length: > 0 } shadow ? shadow.Policy : None,
        "shadow_reason_code" => decision.Shadow?.ReasonCode ?? None,
        _ => None,
    };
}
