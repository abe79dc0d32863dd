using ControlZero.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Testing.Scripted;

/// <summary>Answers as the cluster gives them.</summary>
internal static class Answers
{
    public static EnforceResponse Allow(params Obligation[] obligations) => new()
    {
        Decision = Decision.Allow,
        Effect = "allow",
        ReasonCode = "RULE_MATCH",
        Reason = "rule `sonnet` allows it",
        DecisionId = "01JD0000000000000000000000",
        Policy = "models",
        PolicyVersion = 3,
        RuleId = "sonnet",
        RuleIndex = 0,
        EvaluatedRules = 1,
        PolicyEpoch = 7,
        RequestId = "",
        Obligations = { obligations },
    };

    /// <summary>An agent's limit of five dollars a day.</summary>
    /// <param name="used">Unit: nano-USD.</param>
    /// <param name="resetsAt">When the day ends.</param>
    public static LimitState DailyUsd(long used, DateTimeOffset resetsAt) => new()
    {
        Policy = "p",
        Name = "daily-usd",
        Metric = "cost_usd",
        Per = "agent",
        Window = "day",
        Unit = "nano_usd",
        Limit = 5_000_000_000,
        Used = used,
        Remaining = 5_000_000_000 - used,
        ResetsAt = resetsAt.ToTimestamp(),
    };

    public static EnforceResponse Deny() => new()
    {
        Decision = Decision.Deny,
        Effect = "deny",
        ReasonCode = "NO_RULE_MATCH",
        Reason = "no rule matched",
        DecisionId = "01JD0000000000000000000001",
        RuleId = "synthetic:NO_RULE_MATCH",
        EvaluatedRules = 5,
        PolicyEpoch = 7,
    };

    /// <summary>What a server denies with that cannot confirm what is in force.</summary>
    public static EnforceResponse Stale() => new()
    {
        Decision = Decision.Deny,
        Effect = "deny",
        ReasonCode = "POLICY_STALE",
        Reason = "this server could not confirm in time what is in force",
        DecisionId = "01JD0000000000000000000002",
        RuleId = "synthetic:POLICY_STALE",
        PolicyEpoch = 6,
        RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)),
    };

    public static GetStatusResponse Status(params string[] agents) => new()
    {
        Version = "0.1.0",
        Storage = "embedded",
        StartedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        ServerTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddHours(1)),
        Silos =
        {
            new Silo
            {
                Name = "silo-1",
                Status = "active",
                Answering = true,
                Version = "0.1.0",
                StartedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
                Address = "10.0.0.1:11111",
                Ready = true,
                FreshnessAge = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(250)),
            },
            new Silo { Name = "silo-2", Status = "active", NotReadyReasons = { "draining", "stale" } },
        },
        Caller = new Caller { TenantId = "default", KeyId = "abcdefghjkmn", Scopes = { "admin" }, Agents = { agents } },
        PolicyEpoch = 7,
        PoliciesInForce = 1,
        Freshness = new Freshness
        {
            Age = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(250)),
            Bound = Duration.FromTimeSpan(TimeSpan.FromSeconds(2)),
            Fresh = true,
            FeedSequence = 12,
        },
    };

    public static Acknowledgement Acknowledged(params string[] pending) => new()
    {
        AcknowledgedSilos = { "silo-1", "silo-2" },
        PendingSilos = { pending },
        EnforcedBy = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch.AddSeconds(2)),
    };

    public static RpcException Error(StatusCode code, string message = "it failed") => new(new Grpc.Core.Status(code, message));

    /// <summary>An error as the cluster gives it: with an ErrorInfo and whatever else belongs to it.</summary>
    public static RpcException Error(StatusCode code, string message, string reason, IReadOnlyDictionary<string, string>? metadata = null, params IMessage[] details)
    {
        var info = new ErrorInfo { Reason = reason, Domain = "controlzero" };
        foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
        {
            info.Metadata[key] = value;
        }

        return new Google.Rpc.Status
        {
            Code = (int)code,
            Message = message,
            Details = { new[] { Any.Pack(info) }.Concat(details.Select(Any.Pack)) },
        }.ToRpcException();
    }
}
