using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Policies;

/// <summary>Reads patterns, and refuses those that cannot mean what their author thinks.</summary>
internal sealed class PatternReader(FindingList findings) : IFindings
{
    private readonly FieldReader _fields = new(findings);

    /// <inheritdoc/>
    public bool HasRoom => findings.HasRoom;

    /// <summary>Patterns over agent ids.</summary>
    public ImmutableArray<string> ReadAgents(DocumentNode node) => ReadMany(node, "`agents`", resources: false);

    /// <summary>Patterns over actions.</summary>
    public ImmutableArray<string> ReadActions(DocumentField field) => ReadMany(field.Value, $"`{field.Name}`", resources: false);

    /// <summary>Patterns over resources. One over models must be able to match a model.</summary>
    public ImmutableArray<string> ReadResources(DocumentField field) => ReadMany(field.Value, $"`{field.Name}`", resources: true);

    /// <summary>True when there is nothing that <see cref="Check"/> would note.</summary>
    public static bool IsGood(string pattern) => pattern.Length is > 0 and <= Limits.PatternMaxLength
        && pattern.AsSpan().Trim().Length == pattern.Length && Glob.WhyBroken(pattern) is null;

    /// <summary>Notes what is wrong with one pattern. False: it is refused.</summary>
    public bool Check(DocumentNode node, string what, string pattern)
    {
        if (pattern.Length == 0)
        {
            return Refuse(node, $"a pattern of {what} is empty", "write `*` for anything, or remove it");
        }

        if (pattern.AsSpan().Trim().Length != pattern.Length)
        {
            return Refuse(node, $"the pattern {Quoted.Text(pattern)} begins or ends with white space",
                $"use {Quoted.Text(pattern.AsSpan().Trim())}");
        }

        if (pattern.Length > Limits.PatternMaxLength)
        {
            return Refuse(node, $"the pattern {Quoted.Text(pattern)} has {pattern.Length} characters, more than {Limits.PatternMaxLength}",
                $"use at most {Limits.PatternMaxLength} characters");
        }

        return Glob.WhyBroken(pattern) is not { } error
            || Refuse(node, $"the pattern {Quoted.Text(pattern)} is broken: {error}",
                "close every class with `]` and write ranges upwards; a literal `[` is written `[[]`");
    }

    /// <summary>Notes a list that is too long.</summary>
    public void CheckCount(DocumentNode node, string what, int count)
    {
        if (count > Limits.RuleMaxPatterns)
        {
            findings.Error(node, DiagnosticCodes.TooMany, $"{what} has {count} entries, more than {Limits.RuleMaxPatterns}",
                "split the rule into several");
        }
    }

    private ImmutableArray<string> ReadMany(DocumentNode node, string what, bool resources)
    {
        if (_fields.OneOrMany(node, what) is not { } items)
        {
            return [];
        }

        CheckCount(node, what, items.Count);
        var patterns = ImmutableArray.CreateBuilder<string>(items.Count);
        var entry = node.Kind == NodeKind.List ? $"an entry of {what}" : what;
        foreach (var item in items)
        {
            if (_fields.Text(item, entry) is not { } pattern || !Check(item, what, pattern))
            {
                continue;
            }

            patterns.Add(pattern);
            if (resources)
            {
                CheckModel(item, pattern);
            }
        }

        return patterns.DrainToImmutable();
    }

    private void CheckModel(DocumentNode node, string pattern)
    {
        if (ModelPattern.WhyUnmatchable(pattern) is { } why)
        {
            findings.Error(node, DiagnosticCodes.PatternUnmatchable, $"no resource that is accepted matches {Quoted.Text(pattern)}: {why}",
                "models are printable ASCII without spaces and `% \\ * ? [ ]`, with no empty, `.` or `..` segment and no slash at the end");
        }
        else if (ModelPattern.Lookalike(pattern) is { } spelling)
        {
            findings.Warning(node, DiagnosticCodes.PatternUnmatchable,
                $"a resource that is spelled like {Quoted.Text(pattern)} is refused: models begin `model/`",
                $"write {Quoted.Text(spelling)}");
        }
    }

    private bool Refuse(
        DocumentNode node,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        findings.Error(node, DiagnosticCodes.PatternSyntax, message, remedy);
        return false;
    }
}
