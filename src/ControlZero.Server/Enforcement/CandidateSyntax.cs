using ControlZero.Engine;
using ControlZero.Engine.Requests;

namespace ControlZero.Server.Enforcement;

/// <summary>How <c>candidate_resources</c> are spelled: at most 64, each as a resource is, none of them empty.</summary>
internal static class CandidateSyntax
{
    private const string Field = "candidate_resources";

    /// <summary>The faults of the list, or of its entries.</summary>
    public static IEnumerable<FieldFault> Check(IReadOnlyList<string> candidates) => candidates.Count > Limits.RequestMaxCandidates
        ? [new FieldFault(
            Field,
            FaultCodes.TooMany,
            $"{Field} has {candidates.Count} entries, {Limits.RequestMaxCandidates} are allowed",
            "ask about them in several requests",
            Limits.RequestMaxCandidates,
            candidates.Count)]
        : candidates.Select(Check).OfType<FieldFault>();

    private static FieldFault? Check(string candidate, int index)
    {
        var field = $"{Field}[{index}]";
        if (candidate.Length == 0)
        {
            return new FieldFault(field, FaultCodes.FieldRequired, $"{field} is empty", "name a resource, or leave the entry out");
        }

        return RequestSyntax.CheckResource(candidate) is { } fault
            ? fault with { Field = field, Message = $"in {field}, {fault.Message}" }
            : null;
    }
}
