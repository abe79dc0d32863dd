using System.Runtime.CompilerServices;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Requests;

namespace ControlZero.Engine.Policies;

/// <summary>What a condition may ask about: facts of the server's own, by reserved names, and everything else in the request's context.</summary>
internal static class ConditionKey
{
    /// <summary>The agent's id.</summary>
    public const string AgentId = "agent_id";

    /// <summary>The server's clock.</summary>
    public const string RequestTime = "request.time";

    /// <summary>The agent's registered labels: what follows is the label's key, dots included.</summary>
    public const string LabelPrefix = "agent.labels.";

    /// <summary>What the caller expects the call to use: tokens of the prompt.</summary>
    public const string EstimatedInput = "estimate.input_tokens";

    /// <summary>The most tokens the answer may have.</summary>
    public const string EstimatedOutput = "estimate.max_output_tokens";

    /// <summary>The price of the call. Unit: dollars.</summary>
    public const string EstimatedCost = "estimate.cost_usd";

    private static readonly string[] Estimates = [EstimatedInput, EstimatedOutput, EstimatedCost];

    /// <summary>True when the caller supplies the value, and may leave it out.</summary>
    public static bool IsFromCaller(string key) =>
        key is not (AgentId or RequestTime) && !key.StartsWith(LabelPrefix, StringComparison.Ordinal);

    /// <summary>Notes what is wrong with a key. False: it is refused.</summary>
    public static bool Check(DocumentField field, FindingList findings)
    {
        var key = field.Name;
        if (key is AgentId or RequestTime || Estimates.Contains(key))
        {
            return true;
        }

        if (key.StartsWith(LabelPrefix, StringComparison.Ordinal))
        {
            return RequestSyntax.CheckLabelKey(key[LabelPrefix.Length..]) is not { } fault || Refuse(field, findings, fault.Message,
                fault.Remedy);
        }

        if (RequestSyntax.IsReserved(key))
        {
            return Refuse(field, findings, $"the condition key {Quoted.Text(key)} is reserved and does not exist",
                $"did you mean `{Nearest(key)}`?");
        }

        return CheckPath(field, findings);
    }

    private static bool CheckPath(DocumentField field, FindingList findings)
    {
        var key = field.Name;
        if (key.Length is 0 or > Limits.RuleTextMaxLength)
        {
            return Refuse(field, findings, $"a condition key has {key.Length} characters, not 1 to {Limits.RuleTextMaxLength}",
                "name a key of the request's context");
        }

        if (key.AsSpan().Trim().Length != key.Length || VisibleText.IndexOfHidden(key) >= 0)
        {
            return Refuse(field, findings,
                $"the condition key {Quoted.Text(key)} begins or ends with white space, or has a character nobody sees", "remove it");
        }

        return (key[0] != '.' && key[^1] != '.' && !key.Contains("..", StringComparison.Ordinal))
            || Refuse(field, findings, $"the condition key {Quoted.Text(key)} has an empty segment", "write one dot between two names");
    }

    private static string Nearest(string key) => NearestWord.Find(key, [AgentId, RequestTime, .. Estimates])
        ?? (key.StartsWith("estimate", StringComparison.Ordinal) ? EstimatedCost : null)
        ?? (key.StartsWith("agent.", StringComparison.Ordinal) ? LabelPrefix + "NAME"
            : key.StartsWith("request", StringComparison.Ordinal) ? RequestTime
            : AgentId);

    private static bool Refuse(
        DocumentField field,
        FindingList findings,
        [InterpolatedStringHandlerArgument(nameof(findings))] FindingText message,
        [InterpolatedStringHandlerArgument(nameof(findings))] FindingText remedy)
    {
        findings.Error(field, DiagnosticCodes.ConditionKey, message, remedy);
        return false;
    }
}
