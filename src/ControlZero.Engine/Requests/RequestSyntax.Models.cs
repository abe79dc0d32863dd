using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Requests;

public static partial class RequestSyntax
{
    /// <summary>
    /// Checks a pattern over models, to be stopped: at most 256 characters, begins <c>model/</c>, well-formed, and some model can match it.
    /// A name without a wildcard is a pattern too.
    /// </summary>
    public static FieldFault? CheckModelPattern(string pattern)
    {
        const string field = "model";
        if (pattern.Length == 0)
        {
            return Required(field, "give a model or a pattern over models: `model/openai/gpt-4`, `model/openai/*`");
        }

        if (pattern.Length > Limits.PatternMaxLength)
        {
            return TooLong(field, FaultCodes.PatternSyntax, pattern, pattern.Length, Limits.PatternMaxLength, "characters");
        }

        if (!pattern.StartsWith(ModelPrefix, StringComparison.Ordinal))
        {
            var written = ModelPattern.Lookalike(pattern) ?? ModelPrefix + pattern;
            var remedy = ModelPattern.WhyUnmatchable(written) is null && Glob.WhyBroken(written) is null
                ? $"write {Quoted.Text(written)}, if that is what is meant"
                : "write `model/`, vendor, `/` and name";
            return new(field, FaultCodes.PatternSyntax, $"{field} {Quoted.Text(pattern)} does not begin `model/`", remedy);
        }

        if (Glob.WhyBroken(pattern) is { } broken)
        {
            return new(field, FaultCodes.PatternSyntax, $"{field} {Quoted.Text(pattern)} is broken: {broken}",
                "close every class, and write a literal `[` as `[[]`");
        }

        return ModelPattern.WhyUnmatchable(pattern) is { } unmatchable
            ? new(field, FaultCodes.PatternSyntax, $"{field} {Quoted.Text(pattern)} can match no model: {unmatchable}", "name it as requests do")
            : null;
    }
}
