using System.Data.Common;
using System.Globalization;
using Azure;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Policies;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Orleans.Storage;
using Status = Google.Rpc.Status;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Every error the front door answers with, and the only place where their status codes are chosen. A deny is none of them.
/// </summary>
internal static class RpcErrors
{
    private const string Domain = "controlzero";

    /// <summary>One wording for every cause, so that nobody learns which part of a key was right.</summary>
    public static Status InvalidCredentials() => Make(
        StatusCode.Unauthenticated,
        "INVALID_CREDENTIALS",
        "no valid API key; send it as `authorization: Bearer cz_live_...`");

    /// <summary>An address has tried too many keys that do not exist. Says nothing of the key of this call: it was not looked up.</summary>
    public static Status TooManyUnknownKeys() => Make(
        StatusCode.ResourceExhausted,
        "TOO_MANY_UNKNOWN_KEYS",
        "too many unknown keys came from this address; wait a second, and check the key that is configured");

    /// <summary>The deadline was over when the call arrived. Nothing was decided.</summary>
    public static Status DeadlineOver() => Make(
        StatusCode.DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the deadline is over before the call begins; send a `grpc-timeout` of a millisecond or more");

    /// <summary>The deadline came while the decision was on its way to its caller. It may be made, recorded and charged.</summary>
    public static Status DeadlineExceeded() => Make(
        StatusCode.DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the deadline is over, and the decision may have been made; ask again with the same request_id, and give it more time");

    public static Status ScopeRequired(string scope) => Make(
        StatusCode.PermissionDenied,
        "SCOPE_REQUIRED",
        $"the key lacks the scope `{scope}`; use or create one that has it",
        ("scope", scope));

    public static Status AgentNotBound(string agent) => Make(
        StatusCode.PermissionDenied,
        "AGENT_NOT_BOUND",
        $"the key may not speak for agent `{agent}`; use one that is bound to it",
        ("agent_id", agent));

    /// <summary>A limit of all the tenant's agents, and a key that speaks for some of them.</summary>
    public static Status LimitNotBound(string policy, string limit) => Make(
        StatusCode.PermissionDenied,
        "LIMIT_NOT_BOUND",
        $"all agents of the tenant share limit `{policy}/{limit}`, and the key speaks for some of them; use one that is bound to none",
        ("name", $"{policy}/{limit}"));

    public static Status ScopeNotHeld(string scope) => Make(
        StatusCode.PermissionDenied,
        "SCOPE_NOT_HELD",
        $"a key cannot give what it lacks: it does not hold `{scope}`",
        ("scope", scope));

    public static Status BindingNotHeld(string pattern) => Make(
        StatusCode.PermissionDenied,
        "BINDING_NOT_HELD",
        $"a key cannot give what it lacks: it does not speak for all of `{pattern}`",
        ("agents", pattern));

    public static Status Malformed() => Make(
        StatusCode.InvalidArgument,
        "MALFORMED_MESSAGE",
        "the message is not what the protos say; build the client from protos/controlzero/v1");

    public static Status MessageTooLarge(long limit, long actual) => Make(
        StatusCode.ResourceExhausted,
        "MESSAGE_TOO_LARGE",
        $"the message has {actual} bytes, {limit} are allowed; send less in one message",
        ("limit", Text(limit)),
        ("actual", Text(actual)));

    /// <summary>A message whose lists and maps hold more than any message may. It was not parsed, so no field can be named.</summary>
    public static Status MessageTooManyEntries(int limit) => Make(
        StatusCode.InvalidArgument,
        "MESSAGE_TOO_MANY_ENTRIES",
        $"the lists and maps of the message have more than {limit} entries together; send it in several messages",
        ("limit", Text(limit)));

    /// <summary>A list of a request with more entries than one call may bring.</summary>
    public static Status TooMany(string field, int count, int limit) => InvalidFields(
        [new FieldFault(field, FaultCodes.TooMany, $"{field} has {count} entries, {limit} are allowed", "send them in several calls", limit, count)]);

    /// <summary>A request that does not say what it is about.</summary>
    public static Status Missing(string field, string remedy) =>
        InvalidFields([new FieldFault(field, FaultCodes.FieldRequired, $"{field} is missing or empty", remedy)]);

    /// <summary>A thing that is not there, or is another tenant's: both read the same.</summary>
    public static Status NotFound(string reason, string what, string name) => Make(
        StatusCode.NotFound,
        reason,
        $"there is no {what} `{name}`",
        ("name", name));

    public static Status AlreadyExists(string reason, string what, string name) => Make(
        StatusCode.AlreadyExists,
        reason,
        $"there is a {what} `{name}` already",
        ("name", name));

    /// <summary>Something that was said once is said otherwise.</summary>
    public static Status IdempotencyMismatch(string message, string name) => Make(
        StatusCode.AlreadyExists,
        "IDEMPOTENCY_MISMATCH",
        message,
        ("name", name));

    public static Status VersionConflict(string what, string name, long expected, long current) => Make(
        StatusCode.Aborted,
        "VERSION_CONFLICT",
        $"{what} `{name}` is at version {current}, not {expected}; read it again and decide anew",
        ("expected", Text(expected)),
        ("current", Text(current)));

    /// <summary>An epoch that no server has: it was never answered to anybody, or is another tenant's.</summary>
    public static Status EpochNotReached(ulong expected, ulong current) => Make(
        StatusCode.FailedPrecondition,
        "POLICY_EPOCH_NOT_REACHED",
        $"the tenant's policy epoch is {current}, not yet {expected}; send a min_policy_epoch that a call of this tenant answered",
        ("expected", expected.ToString(CultureInfo.InvariantCulture)),
        ("current", current.ToString(CultureInfo.InvariantCulture)));

    /// <summary>This server cannot say whether the caller's key is still valid.</summary>
    public static Status Stale() => Make(
        StatusCode.Unavailable,
        "STATE_UNAVAILABLE",
        "this server cannot reach its state and does not know whether the key is still valid; try again, or another server");

    /// <summary>There is a decision, and its event could not be made durable: nobody may act on it.</summary>
    public static Status AuditUnavailable() => Make(
        StatusCode.Unavailable,
        "AUDIT_UNAVAILABLE",
        "the decision could not be recorded; try again with the same request_id, or another server");

    /// <summary>What was asked for was not found, and not everybody could be asked.</summary>
    public static Status LogIncomplete(IReadOnlyList<string> silos) => Make(
        StatusCode.Unavailable,
        "AUDIT_UNREADABLE",
        $"the log of {string.Join(", ", silos.Select(silo => $"`{silo}`"))} cannot be read just now; try again, and keep that of a front door in a container (Audit:Sink=azure)",
        ("silos", string.Join(",", silos)));

    /// <summary>The silos keep the log, and this server has none.</summary>
    public static Status NoSiloHere() => Make(
        StatusCode.Unavailable,
        "AUDIT_UNREADABLE",
        "this server is a front door without a silo and cannot read the log; ask a server that has one");

    /// <summary>This server ends; what was open here goes on at another one.</summary>
    public static Status Stopping() => Make(
        StatusCode.Unavailable,
        "SERVER_STOPPING",
        "this server is stopping; go on at another one with the last cursor");

    /// <summary>The tenant has a replay under way at this server, or others have as many as it takes.</summary>
    public static Status ReplayBusy() => Make(
        StatusCode.ResourceExhausted,
        "REPLAY_BUSY",
        "this server takes one replay of a tenant at a time, one more of its keys that are bound to agents (two such in all), and four in all; try again when they are done, or another server");

    public static Status TooManyAgents() => Make(
        StatusCode.ResourceExhausted,
        "MAX_AGENTS",
        "the tenant has as many agents as it may have; raise its max_agents or register fewer");

    public static Status Full(string reason, string what, long limit) => Make(
        StatusCode.ResourceExhausted,
        reason,
        $"the tenant has as many {what} as it may have, {limit}",
        ("limit", Text(limit)));

    /// <summary>The cluster has as many tenants as it may have.</summary>
    public static Status NoTenantLeft(int limit) => Make(
        StatusCode.ResourceExhausted,
        "TENANT_LIMIT",
        $"`tenant_id` would be one tenant more than the cluster may have, {limit}; set `Tenants:Max` higher on every server",
        ("field", "tenant_id"),
        ("limit", Text(limit)));

    /// <summary>Fields of a request that are wrong. The first one's code is the reason.</summary>
    public static Status InvalidFields(IReadOnlyList<FieldFault> faults)
    {
        var first = faults[0];
        var metadata = new List<(string, string)> { ("field", first.Field) };
        if (first.Limit is { } limit)
        {
            metadata.Add(("limit", Text(limit)));
        }

        if (first.Actual is { } actual)
        {
            metadata.Add(("actual", Text(actual)));
        }

        var status = Make(StatusCode.InvalidArgument, first.Code, Sentence(faults), [.. metadata]);
        status.Details.Add(Any.Pack(new BadRequest
        {
            FieldViolations =
            {
                faults.Select(fault => new BadRequest.Types.FieldViolation
                {
                    Field = fault.Field,
                    Reason = fault.Code,
                    Description = $"{fault.Message}; {fault.Remedy}",
                }),
            },
        }));
        return status;
    }

    /// <summary>The server has as many calls as it takes at a time.</summary>
    public static Status Overloaded() => Make(
        StatusCode.ResourceExhausted, "SERVER_OVERLOADED", "this server has as many calls as it takes at a time (Listen:MaxCalls); ask another one, or again later");

    /// <summary>A policy document that is refused, with every finding.</summary>
    public static Status PolicyInvalid(IReadOnlyList<Engine.Diagnostics.Diagnostic> findings)
    {
        var errors = findings.Where(finding => finding.Severity == DiagnosticSeverity.Error).ToList();
        var more = errors.Count > 1 ? $" (and {errors.Count - 1} more)" : "";
        var status = Make(
            StatusCode.InvalidArgument,
            "POLICY_INVALID",
            $"line {errors[0].Line}, column {errors[0].Column}: {errors[0].Code}: {errors[0].Message}; {errors[0].Remedy}{more}",
            ("codes", string.Join(",", errors.Select(error => error.Code).Distinct())));
        status.Details.Add(Any.Pack(new BadRequest
        {
            FieldViolations =
            {
                errors.Select(error => new BadRequest.Types.FieldViolation
                {
                    Field = error.Path.Length == 0 ? "document" : $"document.{error.Path}",
                    Reason = error.Code,
                    Description = $"line {error.Line}, column {error.Column}: {error.Message}; {error.Remedy}",
                }),
            },
        }));
        status.Details.Add(Any.Pack(new PolicyFindings { Diagnostics = { findings.Select(finding => finding.ToMessage(0)) } }));
        return status;
    }

    /// <summary>
    /// What a failure of state or of the cluster looks like to a caller: no decision, and worth another try. Null: it is no such failure.
    /// </summary>
    public static Status? FromStateFailure(Exception failure) => failure switch
    {
        TimeoutException => Make(StatusCode.DeadlineExceeded, "STATE_UNAVAILABLE", "the cluster did not answer in time; try again with the same request_id"),

        // Whose own call was cancelled is not told by this: Orleans' directory cancels what it was asked while it moves to other silos.
        OperationCanceledException => Make(StatusCode.Unavailable, "STATE_UNAVAILABLE", "the cluster is changing; try again with the same request_id"),
        OrleansException or InconsistentStateException or Storage.Embedded.EmbeddedStorageException or DbException or RequestFailedException =>
            Make(StatusCode.Unavailable, "STATE_UNAVAILABLE", "the cluster cannot reach its state; try again with the same request_id"),
        _ => null,
    };

    /// <summary>A fault of ours. The log has the rest, under the incident's id.</summary>
    public static Status Internal(string incident) => Make(
        StatusCode.Internal,
        "INTERNAL",
        $"internal error, incident {incident}",
        ("incident", incident));

    private static Status Make(StatusCode code, string reason, string message, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        var details = new ErrorInfo { Domain = Domain, Reason = reason };
        foreach (var (key, value) in metadata)
        {
            details.Metadata.Add(key, value);
        }

        return new Status { Code = (int)code, Message = message, Details = { Any.Pack(details) } };
    }

    private static string Sentence(IReadOnlyList<FieldFault> faults)
    {
        var more = faults.Count > 1 ? $" (and {faults.Count - 1} more)" : "";
        return $"{faults[0].Message}; {faults[0].Remedy}{more}";
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
