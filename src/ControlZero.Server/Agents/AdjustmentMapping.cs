using System.Text;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Agents;

/// <summary>Reads adjustments of limits.</summary>
internal static class AdjustmentMapping
{
    private const int ReasonMaxBytes = 256;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>Reads a request.</summary>
    /// <exception cref="RpcException">A field is wrong.</exception>
    public static AdjustCommand Read(AdjustQuotaRequest request, ClientIdentity caller)
    {
        var faults = Faults(request).ToList();
        if (faults.Count > 0)
        {
            throw RpcErrors.InvalidFields(faults).ToRpcException();
        }

        return new AdjustCommand(
            request.Policy,
            request.Limit,
            request.Delta,
            request.Reason,
            request.ExpiresIn?.ToTimeSpan(),
            request.RequestId.Length == 0 ? Ulid.NewUlid().ToString() : request.RequestId,
            caller.Key.Id.Value,
            !caller.SpeaksForEveryone);
    }

    private static IEnumerable<FieldFault> Faults(AdjustQuotaRequest request)
    {
        if (request.Limit.Length == 0)
        {
            yield return new FieldFault("limit", FaultCodes.FieldRequired, "limit is missing", "name the limit");
        }

        if (request.Delta == 0 || request.Delta is < -Limits.MoneyLimitMax or > Limits.MoneyLimitMax)
        {
            yield return new FieldFault(
                "delta", FaultCodes.NumberRange, $"delta is {request.Delta}", $"send -{Limits.MoneyLimitMax} to {Limits.MoneyLimitMax}, and not 0", Limits.MoneyLimitMax, request.Delta);
        }

        if (request.Reason.Length == 0)
        {
            yield return new FieldFault("reason", FaultCodes.FieldRequired, "reason is missing", "say why, for whoever looks at the limit later");
        }
        else if (Encoding.UTF8.GetByteCount(request.Reason) is var bytes && bytes > ReasonMaxBytes)
        {
            yield return new FieldFault("reason", FaultCodes.FieldTooLong, $"reason has {bytes} bytes, more than {ReasonMaxBytes}", "shorten it", ReasonMaxBytes, bytes);
        }
        else if (request.Reason.Any(char.IsControl))
        {
            yield return new FieldFault("reason", FaultCodes.FieldValue, "reason has a control character", "leave it out");
        }

        if (request.ExpiresIn is { } time && !IsUsable(time))
        {
            yield return new FieldFault("expires_in", FaultCodes.DurationRange, "expires_in is no time from 1 ns to 366 days", "send a shorter one, or leave it out");
        }

        if (request.RequestId.Length > 0 && RequestSyntax.CheckRequestId(request.RequestId) is { } fault)
        {
            yield return fault;
        }
    }

    // A duration may hold any two numbers; of some no time can be made.
    private static bool IsUsable(Google.Protobuf.WellKnownTypes.Duration time) =>
        time.Nanos is >= 0 and < 1_000_000_000 && time.Seconds >= 0 && time.Seconds <= (long)Longest.TotalSeconds && time.Seconds + time.Nanos > 0
        && time.ToTimeSpan() <= Longest;
}
