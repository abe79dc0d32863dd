using System.Collections.Immutable;
using System.Globalization;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;
using ControlZero.Engine.Requests;
using ControlZero.Server.Rpc;
using Google.Protobuf.Collections;
using Grpc.Core;
using AgentLimitMessage = ControlZero.Protocol.V1.AgentLimit;

namespace ControlZero.Server.Agents;

/// <summary>Reads and shows limits of an agent's own. They are held to what a policy's limits are held to.</summary>
internal static class AgentLimitMapping
{
    private const string Words = "`requests`, `input_tokens`, `output_tokens`, `total_tokens`, `cost_usd` or `in_flight`";

    /// <summary>Reads limits.</summary>
    /// <param name="limits">The limits of a request. Null: it says nothing of them.</param>
    /// <exception cref="RpcException">Fields are wrong; all are told.</exception>
    public static ImmutableArray<AgentLimit> Read(Protocol.V1.AgentLimits? limits)
    {
        if (limits is null)
        {
            return default;
        }

        var faults = Faults(limits.Limits).ToList();
        return faults.Count > 0 ? throw RpcErrors.InvalidFields(faults).ToRpcException() : [.. limits.Limits.Select(ToDomain)];
    }

    /// <summary>Shows limits.</summary>
    public static IEnumerable<AgentLimitMessage> ToMessages(ImmutableArray<AgentLimit> limits) => limits.IsDefault ? [] : limits.Select(ToMessage);

    private static AgentLimit ToDomain(AgentLimitMessage limit) => new()
    {
        Name = limit.Name,
        Metric = QuotaMetrics.TryParse(limit.Metric, out var metric) ? metric : default,
        Limit = limit.Limit,
        Window = limit.Window,
        Zone = limit.Timezone.Length == 0 ? null : limit.Timezone,
        Actions = [.. limit.Actions],
        Resources = [.. limit.Resources],
        DefaultEstimate = limit.HasDefaultEstimate ? limit.DefaultEstimate : null,
    };

    private static AgentLimitMessage ToMessage(AgentLimit limit)
    {
        var message = new AgentLimitMessage
        {
            Name = limit.Name,
            Metric = limit.Metric.ToWord(),
            Limit = limit.Limit,
            Window = limit.Window,
            Timezone = limit.Zone ?? "",
            Actions = { limit.Actions },
            Resources = { limit.Resources },
        };
        if (limit.DefaultEstimate is { } estimate)
        {
            message.DefaultEstimate = estimate;
        }

        return message;
    }

    private static IEnumerable<FieldFault> Faults(RepeatedField<AgentLimitMessage> limits)
    {
        if (limits.Count > Limits.AgentMaxLimits)
        {
            return
            [
                new FieldFault(
                    "limits.limits",
                    FaultCodes.TooMany,
                    $"limits has {limits.Count} entries, {Limits.AgentMaxLimits} are allowed",
                    "state the others in a policy for this agent",
                    Limits.AgentMaxLimits,
                    limits.Count),
            ];
        }

        var twice = limits.GroupBy(limit => limit.Name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => new FieldFault(
            "limits.limits", FaultCodes.FieldValue, $"two limits are named `{group.Key}`", "give each a name of its own: their usage would be one"));
        return limits.SelectMany((limit, index) => Faults(limit, $"limits.limits[{index.ToString(CultureInfo.InvariantCulture)}].")).Concat(twice);
    }

    private static IEnumerable<FieldFault> Faults(AgentLimitMessage limit, string at)
    {
        if (limit.Name.Length == 0)
        {
            yield return new FieldFault($"{at}name", FaultCodes.FieldRequired, "a limit has no name", "name it; usage belongs to the name");
        }
        else if (limit.Name.Length > Limits.LimitNameMaxLength)
        {
            yield return new FieldFault(
                $"{at}name",
                FaultCodes.FieldTooLong,
                $"name has {limit.Name.Length} characters, more than {Limits.LimitNameMaxLength}",
                "shorten it",
                Limits.LimitNameMaxLength,
                limit.Name.Length);
        }
        else if (limit.Name.AsSpan().Trim().Length != limit.Name.Length || limit.Name.Any(letter => char.IsControl(letter) || char.IsSurrogate(letter)))
        {
            yield return new FieldFault($"{at}name", FaultCodes.NameSyntax, "name begins or ends with white space, or has a control character", "leave it out");
        }

        if (!QuotaMetrics.TryParse(limit.Metric, out var metric))
        {
            yield return new FieldFault($"{at}metric", FaultCodes.FieldValue, $"`{limit.Metric}` is no metric", $"use {Words}");
        }

        if (limit.Limit < 0 || limit.Limit > metric.MaxLimit())
        {
            yield return Range($"{at}limit", limit.Limit, 0, metric);
        }

        foreach (var fault in WindowFaults(limit, metric, at).Concat(EstimateFaults(limit, metric, at)))
        {
            yield return fault;
        }

        foreach (var fault in PatternFaults(limit.Actions, $"{at}actions", isResource: false).Concat(PatternFaults(limit.Resources, $"{at}resources", isResource: true)))
        {
            yield return fault;
        }
    }

    private static IEnumerable<FieldFault> WindowFaults(AgentLimitMessage limit, QuotaMetric metric, string at)
    {
        if (metric == QuotaMetric.InFlight)
        {
            if (limit.Window.Length + limit.Timezone.Length > 0)
            {
                yield return new FieldFault($"{at}window", FaultCodes.FieldValue, "`in_flight` has no window", "leave window and timezone out");
            }
        }
        else if (limit.Window.Length == 0)
        {
            yield return new FieldFault($"{at}window", FaultCodes.FieldRequired, "a limit has no window", "say for how long it counts, for example `1m` or `day`");
        }
        else if (!QuotaWindow.TryParse(limit.Window, limit.Timezone.Length == 0 ? null : limit.Timezone, out _, out var error))
        {
            yield return new FieldFault($"{at}window", FaultCodes.FieldValue, error, "use a duration from `1s` to `366d`, or `hour`, `day`, `week` or `month` with an IANA timezone");
        }
    }

    private static IEnumerable<FieldFault> EstimateFaults(AgentLimitMessage limit, QuotaMetric metric, string at)
    {
        if (!limit.HasDefaultEstimate)
        {
            yield break;
        }

        if (metric is QuotaMetric.Requests or QuotaMetric.InFlight)
        {
            yield return new FieldFault(
                $"{at}default_estimate", FaultCodes.FieldValue, $"default_estimate does not apply to `{limit.Metric}`: a call counts as one", "leave it out");
        }
        else if (limit.DefaultEstimate < 1 || limit.DefaultEstimate > metric.MaxLimit())
        {
            yield return Range($"{at}default_estimate", limit.DefaultEstimate, 1, metric);
        }
        else if (limit.Limit > 0 && limit.DefaultEstimate > limit.Limit)
        {
            yield return new FieldFault(
                $"{at}default_estimate",
                FaultCodes.NumberRange,
                $"default_estimate is {limit.DefaultEstimate}, more than the limit itself, so that no call without an estimate could be allowed",
                "lower it, or leave it out: such calls are then denied with ESTIMATE_REQUIRED",
                limit.Limit,
                limit.DefaultEstimate);
        }
    }

    private static IEnumerable<FieldFault> PatternFaults(RepeatedField<string> patterns, string field, bool isResource)
    {
        if (patterns.Count > Limits.RuleMaxPatterns)
        {
            yield return new FieldFault(
                field, FaultCodes.TooMany, $"{field} has {patterns.Count} entries, {Limits.RuleMaxPatterns} are allowed", "use fewer, wider ones", Limits.RuleMaxPatterns, patterns.Count);
            yield break;
        }

        for (var index = 0; index < patterns.Count; index++)
        {
            if (WhyBroken(patterns[index], isResource) is { } why)
            {
                yield return new FieldFault(
                    $"{field}[{index.ToString(CultureInfo.InvariantCulture)}]", FaultCodes.PatternSyntax, $"the pattern `{patterns[index]}` is no good: {why}", "write it as in a rule of a policy");
            }
        }
    }

    private static string? WhyBroken(string pattern, bool isResource) => pattern.Length switch
    {
        0 => "it is empty",
        > Limits.PatternMaxLength => $"it has more than {Limits.PatternMaxLength} characters",
        _ when pattern.AsSpan().Trim().Length != pattern.Length => "it begins or ends with white space",
        _ => Glob.WhyBroken(pattern) ?? (isResource ? ModelPattern.WhyUnmatchable(pattern) : null),
    };

    private static FieldFault Range(string field, long figure, long least, QuotaMetric metric) => new(
        field, FaultCodes.NumberRange, $"{field} is {figure}", $"send {least} to {metric.MaxLimit()}", metric.MaxLimit(), figure);
}
