using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Engine.Policies;

/// <summary>Makes a rule of a node.</summary>
internal sealed partial class RuleBinder(FindingList findings)
{
    private const string SyntheticPrefix = "synthetic:";

    private static readonly string[] ActionKeys = ["allow", "deny", "action", "actions"];
    private static readonly string[] ResourceKeys = ["resource", "resources"];
    private static readonly string[] ConditionKeys = ["conditions", "when"];

    private readonly FieldReader _fields = new(findings);
    private readonly PatternReader _patterns = new(findings);
    private readonly ConditionBinder _conditions = new(findings);
    private readonly ObligationBinder _obligations = new(findings);

    /// <summary>The rule; only fit for use when nothing was found to be wrong.</summary>
    public PolicyRule Bind(DocumentNode node, int index)
    {
        if (!_fields.CheckObject(node, "a rule", PolicySchema.RuleKeys))
        {
            return new PolicyRule { Effect = Effect.Deny, Actions = [], Index = index };
        }

        CheckShape(node);
        RefuseBoth(node, "action", "actions");
        RefuseBoth(node, "resource", "resources");
        RefuseBoth(node, "conditions", "when");
        var rule = new PolicyRule
        {
            Index = index,
            Effect = ReadEffect(node),
            Actions = ReadAll(node, ActionKeys, _patterns.ReadActions),
            Resources = ReadAll(node, ResourceKeys, _patterns.ReadResources),
            Conditions = ReadAll(node, ConditionKeys, _conditions.Bind),
            Id = ReadId(node.Find("id"), "`id`"),
            Name = ReadId(node.Find("name"), "`name`"),
            Reason = _fields.BoundedText(node.Find("reason"), "`reason`") is { Length: > 0 } reason ? reason : null,
            ReasonLocalized = ReadLocalized(node.Find("reason_localized")),
            ReasonCode = ReadReasonCode(node.Find("reason_code")),
            Obligations = node.Find("obligations") is { } obligations ? _obligations.Bind(obligations) : [],
        };
        CheckAnswer(rule, node);
        return rule;
    }

    // The rule may decide every request of a batch, and each answer carries all this.
    private void CheckAnswer(PolicyRule rule, DocumentNode node)
    {
        var size = AnswerSize.Of(rule);
        if (size.Bytes > Limits.AnswerMaxBytes)
        {
            findings.Error(node, DiagnosticCodes.FieldTooLong,
                $"the reasons and obligations of the rule have {size.Bytes} bytes together, more than {Limits.AnswerMaxBytes}",
                "every answer carries them: shorten them, or have the caller look them up by `reason_code`");
        }

        if (size.Values > Limits.RuleMaxObligationValues)
        {
            findings.Error(node.Find("obligations")!, DiagnosticCodes.TooMany,
                $"`obligations` have {size.Values} values together, more than {Limits.RuleMaxObligationValues}",
                "every answer carries them: have the caller look them up by the obligation's name");
        }
    }

    private void CheckShape(DocumentNode node)
    {
        const string shapes = "write `effect` and `action`, or `allow`, or `deny`";
        var (allow, deny) = (node.Find("allow"), node.Find("deny"));
        if (allow is not null && deny is not null)
        {
            findings.Error(node, DiagnosticCodes.RuleShape, "a rule says `allow` and `deny`", "make two rules of it");
        }
        else if (allow is not null || deny is not null)
        {
            var word = allow is not null ? "allow" : "deny";
            foreach (var field in node.Fields)
            {
                if (field.Name is "effect" or "action" or "actions")
                {
                    findings.Error(field, DiagnosticCodes.SaidTwice, $"`{field.Name}` says again what `{word}` says", shapes);
                }
            }
        }
        else if (node.Find("effect") is null)
        {
            findings.Error(node, DiagnosticCodes.RuleShape, "a rule says neither `effect` nor `allow` nor `deny`", shapes);
        }
        else if (node.Find("action") is null && node.Find("actions") is null)
        {
            findings.Error(node, node.PathOf("action"), DiagnosticCodes.FieldRequired, "a rule has an `effect` and no `action`", shapes);
        }
    }

    private void RefuseBoth(DocumentNode node, string one, string other)
    {
        if (node.Find(one) is not null && node.Find(other) is not null)
        {
            var second = node.Fields.Last(field => field.Name == one || field.Name == other);
            findings.Error(second, DiagnosticCodes.SaidTwice, $"a rule says `{one}` and `{other}`",
                $"keep one of the two, with everything in it; `{other}` takes the same as `{one}`");
        }
    }

    private Effect ReadEffect(DocumentNode node)
    {
        if (_fields.Word(node.Find("effect"), "`effect`", PolicySchema.EffectWords, DiagnosticCodes.RuleEffectUnknown) is { } word
            && Effects.TryParse(word, out var effect))
        {
            return effect;
        }

        return node.Find("allow") is not null ? Effect.Allow : Effect.Deny;
    }

    private string? ReadId(DocumentNode? node, string what)
    {
        var id = _fields.Identifier(node, what);
        if (id?.StartsWith(SyntheticPrefix, StringComparison.OrdinalIgnoreCase) != true)
        {
            return id;
        }

        findings.Error(node!, DiagnosticCodes.FieldValue,
            $"{what} {Quoted.Text(id)} begins `{SyntheticPrefix}`, which marks decisions that no rule made", "use another one");
        return null;
    }

    private ImmutableSortedDictionary<string, string> ReadLocalized(DocumentNode? node)
    {
        if (node is null)
        {
            return ImmutableSortedDictionary<string, string>.Empty;
        }

        var reasons = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (node.Kind != NodeKind.Object)
        {
            _fields.WrongType(node, "`reason_localized` must be an object of texts by language", "write `en: \"…\"` lines");
        }

        if (node.Fields.Count > Limits.RuleMaxLanguages)
        {
            findings.Error(node, DiagnosticCodes.TooMany,
                $"`reason_localized` has {node.Fields.Count} languages, more than {Limits.RuleMaxLanguages}", "keep those that your callers ask for");
        }

        foreach (var field in node.Fields)
        {
            if (!LanguageTag().IsMatch(field.Name))
            {
                findings.Error(field, DiagnosticCodes.FieldValue, $"{Quoted.Text(field.Name)} is no language tag",
                    "write one like `en` or `pt-BR`");
            }
            else if (_fields.BoundedText(field.Value, "a reason") is { } reason)
            {
                reasons[field.Name] = reason;
            }
        }

        return reasons.ToImmutable();
    }

    private string? ReadReasonCode(DocumentNode? node)
    {
        if (_fields.Text(node, "`reason_code`") is not { } code)
        {
            return null;
        }

        if (!ReasonCode().IsMatch(code))
        {
            findings.Error(node!, DiagnosticCodes.ReasonCodeReserved, $"the reason code {Quoted.Text(code)} is not spelled like one",
                "write it as `[A-Z][A-Z0-9_]{0,63}`");
        }
        else if (ReasonCodes.Reserved.Contains(code))
        {
            findings.Error(node!, DiagnosticCodes.ReasonCodeReserved, $"the reason code `{code}` is the system's own", "use another one");
        }

        return code;
    }

    // Nearly always there is one such field, and what it holds is all there is.
    private static ImmutableArray<T> ReadAll<T>(DocumentNode node, string[] names, Func<DocumentField, ImmutableArray<T>> read)
    {
        ImmutableArray<T> all = [];
        foreach (var field in node.Fields)
        {
            if (Array.IndexOf(names, field.Name) >= 0)
            {
                var part = read(field);
                all = all.IsEmpty ? part : all.AddRange(part);
            }
        }

        return all;
    }

    [GeneratedRegex(@"\A[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}\z", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();

    [GeneratedRegex(@"\A[A-Z][A-Z0-9_]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ReasonCode();
}
