using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Server.Enforcement;

/// <summary>From limits to their messages.</summary>
internal static class QuotaMapping
{
    /// <summary>Adds to an answer what limits had to do with it.</summary>
    public static void Add(QuotaOutcome quota, EnforceResponse response)
    {
        foreach (var limit in quota.Limits)
        {
            response.Limits.Add(ToMessage(limit));
        }

        response.Replayed = quota.Replayed;
        if (quota.Token is { } token)
        {
            response.Reservation = new Protocol.V1.Reservation { Token = token, ExpiresAt = quota.ExpiresAt?.ToTimestamp() };
        }

        if (quota.RetryAfter is { } wait)
        {
            response.RetryAfter = wait.ToDuration();
        }
    }

    /// <summary>What a limit would make of a request.</summary>
    public static Protocol.V1.LimitTrial ToMessage(Abstractions.Agents.LimitTrial trial) =>
        new() { State = ToMessage(trial.Standing), Units = trial.Units, Denies = trial.Denies };

    /// <summary>A limit and what is left of it.</summary>
    public static LimitState ToMessage(LimitStanding limit) => new()
    {
        Policy = limit.Policy,
        Name = limit.Name,
        Metric = limit.Metric.ToWord(),
        Per = limit.Scope.ToWord(),
        Window = limit.Window,
        Unit = limit.Metric.ToUnit(),
        Limit = limit.Limit,
        Used = limit.Used,
        Remaining = limit.Remaining,
        ResetsAt = limit.ResetsAt?.ToTimestamp(),
    };
}
