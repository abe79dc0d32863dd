using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Oracle;

/// <summary>Conditions by the letter of the rules, answering "true", "false" or "error".</summary>
internal static partial class NaiveConditions
{
    private static readonly ImmutableSortedDictionary<string, string> Unlabelled = ImmutableSortedDictionary<string, string>.Empty;

    public static string Ask(Condition condition, EvaluationRequest request)
    {
        if (condition.Key == "request.time")
        {
            return AskTime(condition, request.Now) ? "true" : "false";
        }

        var found = Find(condition.Key, request);
        if (found.Select(Canonical).Distinct().Count() > 1)
        {
            return "error";
        }

        var value = found.FirstOrDefault();
        if (condition.Operator == ConditionOperator.Exists)
        {
            return (value is { Kind: not ContextKind.Null }) == condition.Expected ? "true" : "false";
        }

        return value is null ? "false" : AskValue(condition, value);
    }

    private static string AskValue(Condition condition, ContextValue value)
    {
        var operands = condition.Operands;
        switch (condition.Operator)
        {
            case ConditionOperator.Glob:
                return AnyItem(value, item => operands.Any(operand => NaiveGlob.Matches(operand.AsText()!, item.AsText()!, false)));
            case ConditionOperator.Not:
                return Opposite(AnyItem(value, item => operands.Any(operand => NaiveGlob.Matches(operand.AsText()!, item.AsText()!, false))));
            case ConditionOperator.Equal or ConditionOperator.In:
                return AnyItem(value, item => operands.Any(operand => SameScalar(operand, item)));
            case ConditionOperator.NotIn:
                return Opposite(AnyItem(value, item => operands.Any(operand => SameScalar(operand, item))));
            case ConditionOperator.Cidr:
                return Items(value).Any(item => item.Kind != ContextKind.Text || Address(item.Text!) is null)
                    ? "error"
                    : AnyItem(value, item => operands.Any(operand => IsWithin(Address(item.Text!)!, operand.Text!)));
            default:
                return value.Kind == ContextKind.Number ? (Compare(condition, value.Number) ? "true" : "false") : "error";
        }
    }

    private static bool Compare(Condition condition, double number)
    {
        var bounds = condition.Operands.Select(operand => operand.Number).ToArray();
        return condition.Operator switch
        {
            ConditionOperator.Greater => number > bounds[0],
            ConditionOperator.GreaterOrEqual => number >= bounds[0],
            ConditionOperator.Less => number < bounds[0],
            ConditionOperator.LessOrEqual => number <= bounds[0],
            ConditionOperator.Between => bounds[0] <= number && number <= bounds[1],
            var other => throw new NotSupportedException(other.ToString()),
        };
    }

    private static bool AskTime(Condition condition, DateTimeOffset now)
    {
        var instant = condition.Operands.Select(operand => DateTimeOffset.Parse(operand.Text!, CultureInfo.InvariantCulture)).FirstOrDefault();
        return condition.Operator switch
        {
            ConditionOperator.Greater => now > instant,
            ConditionOperator.GreaterOrEqual => now >= instant,
            ConditionOperator.Less => now < instant,
            ConditionOperator.LessOrEqual => now <= instant,
            ConditionOperator.Exists => condition.Expected,
            ConditionOperator.Schedule => IsInSchedule(condition.Schedule!, now),
            var other => throw new NotSupportedException(other.ToString()),
        };
    }

    // Times of day compare as text.
    private static bool IsInSchedule(Schedule schedule, DateTimeOffset now)
    {
        var local = now.UtcDateTime + TimeZoneInfo.FindSystemTimeZoneById(schedule.Zone).GetUtcOffset(now);
        var time = local.ToString("HH:mm:ss.fffffff", CultureInfo.InvariantCulture);
        var (from, to) = ($"{schedule.From:HH:mm:ss}.0000000", $"{schedule.To:HH:mm:ss}.0000000");
        var afterFrom = string.CompareOrdinal(time, from) >= 0;
        var beforeTo = string.CompareOrdinal(time, to) < 0;
        var inSpan = schedule.From is null || (schedule.From < schedule.To ? afterFrom && beforeTo : afterFrom || beforeTo);
        return inSpan && (schedule.Weekdays.IsEmpty || schedule.Weekdays.Contains(local.DayOfWeek));
    }

    private static ContextValue[] Find(string key, EvaluationRequest request)
    {
        if (key == "agent_id")
        {
            return [ContextValue.Of(request.AgentId)];
        }

        if (key.StartsWith("agent.labels.", StringComparison.Ordinal))
        {
            return [.. (request.Labels ?? Unlabelled).Where(label => "agent.labels." + label.Key == key).Select(label => ContextValue.Of(label.Value))];
        }

        if (key.StartsWith("estimate.", StringComparison.Ordinal))
        {
            double? figure = key switch
            {
                "estimate.input_tokens" => request.Estimate?.InputTokens,
                "estimate.max_output_tokens" => request.Estimate?.OutputTokens,
                "estimate.cost_usd" => request.Estimate?.CostNanos / 1e9,
                _ => throw new NotSupportedException(key),
            };
            return figure is { } known ? [ContextValue.Of(known)] : [];
        }

        var literal = request.Context?.Fields.Where(field => field.Name == key).Select(field => field.Value) ?? [];
        var nested = key.Split('.').Aggregate(request.Context, (value, segment) =>
            value?.Fields.Where(field => field.Name == segment).Select(field => field.Value).FirstOrDefault());
        return [.. literal, .. nested is null ? [] : new[] { nested }];
    }

    private static string Canonical(ContextValue value) => value.Kind switch
    {
        ContextKind.List => $"[{string.Join(',', value.Items.Select(Canonical))}]",
        ContextKind.Object => $"{{{string.Join(',', value.Fields.OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => $"<{field.Name}>{Canonical(field.Value)}"))}}}",
        ContextKind.Number => $"Number {value.Number + 0.0:R}",
        _ => $"{value.Kind} <{value.AsText()}>",
    };

    private static ContextValue[] Items(ContextValue value) => value.Kind == ContextKind.List ? [.. value.Items] : [value];

    private static string AnyItem(ContextValue value, Func<ContextValue, bool> holds) =>
        Items(value).Any(item => item.AsText() is null) ? "error" : Items(value).Any(holds) ? "true" : "false";

    private static string Opposite(string answer) => answer switch { "true" => "false", "false" => "true", _ => answer };

    private static bool SameScalar(ContextValue left, ContextValue right) => left.Kind == ContextKind.Number && right.Kind == ContextKind.Number
        ? left.Number == right.Number
        : left.AsText() == right.AsText();

    private static IPAddress? Address(string text)
    {
        if (!Spelled().IsMatch(text) || !IPAddress.TryParse(text, out var address))
        {
            return null;
        }

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static bool IsWithin(IPAddress address, string network)
    {
        var written = IPNetwork.Parse(network.Contains('/', StringComparison.Ordinal) ? network : network + (network.Contains(':', StringComparison.Ordinal) ? "/128" : "/32"));
        var mapped = written.BaseAddress.IsIPv4MappedToIPv6 && written.PrefixLength >= 96;
        return (mapped ? new IPNetwork(written.BaseAddress.MapToIPv4(), written.PrefixLength - 96) : written).Contains(address);
    }

    [GeneratedRegex(@"\A(?:(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\z)|\z)){4}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)\z")]
    private static partial Regex Spelled();
}
