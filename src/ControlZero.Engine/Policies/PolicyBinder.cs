using System.Collections.Immutable;
using System.Globalization;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Requests;

namespace ControlZero.Engine.Policies;

/// <summary>A policy together with the tree it was read from, so that lint can point at what it speaks of.</summary>
internal readonly record struct BoundPolicy(PolicyDocument Document, DocumentNode Root);

/// <summary>Makes a policy of a tree. Goes through all of it, whatever it finds.</summary>
/// <param name="findings">Where findings go.</param>
internal sealed class PolicyBinder(FindingList findings)
{
    private readonly FieldReader _fields = new(findings);
    private readonly PatternReader _patterns = new(findings);
    private readonly RuleBinder _rules = new(findings);
    private readonly LimitBinder _limits = new(findings);

    /// <summary>The policy, fit for use only when nothing was found to be wrong. Null: the tree is nothing like a policy.</summary>
    public BoundPolicy? Bind(DocumentNode root)
    {
        if (!_fields.CheckObject(root, "a policy", PolicySchema.PolicyKeys))
        {
            return null;
        }

        ReadVersion(root.Find("version"));
        WarnOfIgnored(root);
        var name = ReadName(root);
        var document = new PolicyDocument
        {
            Name = name,
            Description = _fields.BoundedText(root.Find("description"), "`description`") ?? "",
            Priority = ReadPriority(root.Find("priority")),
            Enabled = _fields.Boolean(root.Find("enabled"), "`enabled`") ?? true,
            Mode = ReadMode(root.Find("mode")),
            Agents = root.Find("agents") is { } agents ? _patterns.ReadAgents(agents) : [],
            DefaultAction = ReadDefaultAction(root),
            Rules = ReadRules(root),
            Limits = root.Find("limits") is { } limits ? _limits.Bind(limits, name) : [],
        };
        return new BoundPolicy(document, root);
    }

    private string ReadName(DocumentNode root)
    {
        if (root.Find("name") is not { } node)
        {
            findings.Error(root, "name", DiagnosticCodes.FieldRequired, "`name` is missing",
                "name the policy; the name is unique within a tenant");
            return "";
        }

        var name = _fields.Text(node, "`name`");
        if (name is not null && RequestSyntax.CheckPolicyName(name) is { } fault)
        {
            findings.Error(node, fault.Code, fault.Message, fault.Remedy);
        }

        return name ?? "";
    }

    private void ReadVersion(DocumentNode? node)
    {
        const string remedy = "write `version: \"1\"`, or leave it out";
        var isNumber = node?.Kind == NodeKind.Number;
        if (node is null || (isNumber && node.Text == "1"))
        {
            return;
        }

        if (isNumber && node.Number == 1)
        {
            _fields.WrongType(node, $"`version` must be \"1\", and {Quoted.Text(node.Text)} is a fraction", remedy);
            return;
        }

        var version = isNumber ? node.Text : _fields.Text(node, "`version`");
        if (version is not null and not "1")
        {
            findings.Error(node, DiagnosticCodes.VersionUnknown, $"the document version {Quoted.Text(version)} is not known here", remedy);
        }
    }

    private PolicyMode ReadMode(DocumentNode? node) =>
        _fields.Word(node, "`mode`", PolicySchema.ModeWords) == PolicyMode.Shadow.ToWord() ? PolicyMode.Shadow : PolicyMode.Enforce;

    private int ReadPriority(DocumentNode? node)
    {
        if (node is null)
        {
            return PolicyDocument.DefaultPriority;
        }

        if (node.Kind != NodeKind.Number || double.Floor(node.Number) != node.Number)
        {
            _fields.WrongType(node, "`priority` must be a whole number", "write one, for example `100`; lower is evaluated first");
            return PolicyDocument.DefaultPriority;
        }

        if (node.Number is < int.MinValue or > int.MaxValue)
        {
            findings.Error(node, DiagnosticCodes.NumberRange,
                string.Create(CultureInfo.InvariantCulture,
                    $"`priority` is {Quoted.Text(node.Text)}, outside {int.MinValue} to {int.MaxValue}"),
                "use a number within that range");
            return PolicyDocument.DefaultPriority;
        }

        return (int)node.Number;
    }

    private Effect ReadDefaultAction(DocumentNode root)
    {
        var fromSettings = ReadSettings(root.Find("settings"));
        var word = _fields.Word(root.Find("default_action"), "`default_action`", PolicySchema.DefaultActionWords) ?? fromSettings;
        return word is not null && Effects.TryParse(word, out var effect) ? effect : Effect.Deny;
    }

    private string? ReadSettings(DocumentNode? settings)
    {
        if (settings is null || !_fields.CheckObject(settings, "`settings`", PolicySchema.SettingsKeys))
        {
            return null;
        }

        WarnOfIgnored(settings);
        return _fields.Word(settings.Find("default_action"), "`default_action`", PolicySchema.DefaultActionWords);
    }

    private void WarnOfIgnored(DocumentNode node)
    {
        foreach (var field in node.Fields)
        {
            if (PolicySchema.IgnoredSettings.Contains(field.Name))
            {
                findings.Warning(field, DiagnosticCodes.SettingNotApplicable, $"`{field.Name}` does not apply here",
                    "remove it; the tenant's settings decide");
            }
        }
    }

    private ImmutableArray<PolicyRule> ReadRules(DocumentNode root)
    {
        if (root.Find("rules") is not { } node)
        {
            findings.Error(root, "rules", DiagnosticCodes.FieldRequired, "`rules` is missing", "write at least one rule");
            return [];
        }

        if (node.Kind != NodeKind.List)
        {
            _fields.WrongType(node, "`rules` must be a list", "begin every rule with `- `, or put them between brackets in JSON");
            return [];
        }

        if (node.Items.Count == 0)
        {
            findings.Error(node, DiagnosticCodes.EmptyList, "`rules` is an empty list", "write at least one rule");
        }
        else if (node.Items.Count > Limits.PolicyMaxRules)
        {
            findings.Error(node, DiagnosticCodes.TooMany, $"`rules` has {node.Items.Count} entries, more than {Limits.PolicyMaxRules}",
                "split the policy into several");
        }

        return [.. node.Items.Select((rule, index) => _rules.Bind(rule, index))];
    }
}
