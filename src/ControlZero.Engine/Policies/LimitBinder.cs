using System.Collections.Immutable;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>Reads <c>limits</c>.</summary>
internal sealed class LimitBinder(FindingList findings)
{
    private readonly FieldReader _fields = new(findings);
    private readonly PatternReader _patterns = new(findings);
    private readonly LimitFigureReader _figures = new(findings);
    private readonly LimitWindowReader _windows = new(findings);

    /// <summary>The limits, in the order they are written; only fit for use when nothing was found to be wrong.</summary>
    /// <param name="node">The list.</param>
    /// <param name="policy">Name of the policy.</param>
    public ImmutableArray<QuotaLimit> Bind(DocumentNode node, string policy)
    {
        if (node.Kind != NodeKind.List)
        {
            _fields.WrongType(node, "`limits` must be a list", "begin every limit with `- `, or put them between brackets in JSON");
            return [];
        }

        if (node.Items.Count == 0)
        {
            findings.Error(node, DiagnosticCodes.EmptyList, "`limits` is an empty list", "write a limit, or leave the field out");
        }
        else if (node.Items.Count > Limits.PolicyMaxLimits)
        {
            findings.Error(node, DiagnosticCodes.TooMany, $"`limits` has {node.Items.Count} entries, more than {Limits.PolicyMaxLimits}",
                "every decision asks all that apply: split the policy into several for different agents");
        }

        var limits = ImmutableArray.CreateBuilder<QuotaLimit>(node.Items.Count);
        var names = new Dictionary<string, DocumentNode>(StringComparer.Ordinal);
        foreach (var item in node.Items)
        {
            if (BindOne(item, policy, names) is { } limit)
            {
                limits.Add(limit);
            }
        }

        return limits.ToImmutable();
    }

    private QuotaLimit? BindOne(DocumentNode node, string policy, Dictionary<string, DocumentNode> names)
    {
        if (!_fields.CheckObject(node, "a limit", PolicySchema.LimitKeys))
        {
            return null;
        }

        RefuseBoth(node, "action", "actions");
        RefuseBoth(node, "resource", "resources");
        var name = ReadName(node, names);
        var metric = ReadMetric(node);
        var scope = _fields.Word(node.Find("per"), "`per`", PolicySchema.ScopeWords) is { } word && QuotaScopes.TryParse(word, out var read)
            ? read
            : QuotaScope.Agent;
        var actions = Patterns(node, "action", "actions", field => _patterns.ReadActions(field));
        var resources = Patterns(node, "resource", "resources", field => _patterns.ReadResources(field));
        var window = _windows.Read(node, metric);
        var units = _figures.Limit(node, metric);
        var estimate = _figures.DefaultEstimate(node, metric, units);
        var fallback = _figures.FallbackPrice(node, metric);
        var hold = _windows.ReadHold(node.Find("hold"));
        if (name is null || metric == QuotaMetric.Unspecified || units is null || window is null != (metric == QuotaMetric.InFlight))
        {
            return null;
        }

        return new QuotaLimit(scope, policy, name, metric, units.Value, window, actions, resources)
        {
            DefaultEstimate = estimate,
            FallbackPrice = fallback,
            Hold = hold ?? QuotaLimit.DefaultHold,
        };
    }

    private string? ReadName(DocumentNode node, Dictionary<string, DocumentNode> names)
    {
        if (node.Find("name") is not { } field)
        {
            findings.Error(node, node.PathOf("name"), DiagnosticCodes.FieldRequired, "a limit has no `name`",
                "name it; usage belongs to the name, so keep it when you change the limit");
            return null;
        }

        var name = _fields.Identifier(field, "`name`");
        if (name?.Length > Limits.LimitNameMaxLength)
        {
            findings.Error(field, DiagnosticCodes.FieldTooLong, $"`name` has {name.Length} characters, more than {Limits.LimitNameMaxLength}",
                $"use at most {Limits.LimitNameMaxLength} characters");
        }
        else if (name is not null && !names.TryAdd(name, field))
        {
            findings.Error(field, DiagnosticCodes.LimitNameTwice, $"two limits are named {Quoted.Text(name)}; the first stands in line {names[name].Line}",
                "give each a name of its own: their usage would be one");
        }

        return name;
    }

    private QuotaMetric ReadMetric(DocumentNode node)
    {
        if (node.Find("metric") is not { } field)
        {
            findings.Error(node, node.PathOf("metric"), DiagnosticCodes.FieldRequired, "a limit has no `metric`",
                $"use one of {string.Join(", ", PolicySchema.MetricWords.Select(word => $"`{word}`"))}");
            return QuotaMetric.Unspecified;
        }

        return _fields.Word(field, "`metric`", PolicySchema.MetricWords, DiagnosticCodes.MetricUnknown) is { } word
            && QuotaMetrics.TryParse(word, out var metric)
                ? metric
                : QuotaMetric.Unspecified;
    }

    private void RefuseBoth(DocumentNode node, string one, string other)
    {
        if (node.Find(one) is not null && node.Find(other) is not null)
        {
            var second = node.Fields.Last(field => field.Name == one || field.Name == other);
            findings.Error(second, DiagnosticCodes.SaidTwice, $"a limit says `{one}` and `{other}`", "keep one of the two, with everything in it");
        }
    }

    private static ImmutableArray<string> Patterns(DocumentNode node, string one, string other, Func<DocumentField, ImmutableArray<string>> read) =>
        [.. node.Fields.Where(field => field.Name == one || field.Name == other).SelectMany(field => read(field))];
}
