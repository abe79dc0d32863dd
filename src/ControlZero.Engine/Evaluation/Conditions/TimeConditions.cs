using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary><c>gt</c>, <c>gte</c>, <c>lt</c> and <c>lte</c> on <c>request.time</c>: the server's clock between two instants.</summary>
internal sealed class InstantCondition(Bound<DateTimeOffset> lower, Bound<DateTimeOffset> upper) : CompiledCondition
{
    /// <inheritdoc/>
    public override ConditionOutcome Test(in EvaluationRequest request, ref long steps) =>
        Outcome(lower.AllowsAbove(request.Now) && upper.AllowsBelow(request.Now));
}

/// <summary>
/// <c>between</c> and <c>weekdays</c> on <c>request.time</c>. The moment decides, converted to the zone's local time: a local time that a
/// change of the clocks skips never occurs, and so never matches; one that occurs twice matches both times. The weekday is that of the
/// moment, also after midnight in a span that began the evening before.
/// </summary>
internal sealed class ScheduleCondition(Schedule schedule) : CompiledCondition
{
    private readonly TimeZoneInfo _zone = TimeZoneInfo.FindSystemTimeZoneById(schedule.Zone);

    /// <inheritdoc/>
    public override ConditionOutcome Test(in EvaluationRequest request, ref long steps)
    {
        var local = TimeZoneInfo.ConvertTime(request.Now, _zone);
        return Outcome((schedule.Weekdays.IsEmpty || schedule.Weekdays.Contains(local.DayOfWeek)) && IsInSpan(TimeOnly.FromTimeSpan(local.TimeOfDay)));
    }

    private bool IsInSpan(TimeOnly time)
    {
        if (schedule is not { From: { } from, To: { } to })
        {
            return true;
        }

        return from < to ? from <= time && time < to : from <= time || time < to;
    }
}
