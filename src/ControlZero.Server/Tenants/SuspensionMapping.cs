using System.Text;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using ControlZero.Server.Rpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using AcknowledgementMessage = ControlZero.Protocol.V1.Acknowledgement;
using SuspensionMessage = ControlZero.Protocol.V1.Suspension;

namespace ControlZero.Server.Tenants;

/// <summary>Between suspensions and acknowledgements and their messages.</summary>
internal static class SuspensionMapping
{
    /// <summary>What is wrong with a reason, or null: nothing.</summary>
    public static FieldFault? CheckReason(string reason)
    {
        var size = Encoding.UTF8.GetByteCount(reason);
        if (size > Limits.SuspensionReasonMaxBytes)
        {
            return new FieldFault(
                "reason",
                FaultCodes.FieldTooLong,
                $"reason has {size} bytes, {Limits.SuspensionReasonMaxBytes} are allowed",
                "shorten it",
                Limits.SuspensionReasonMaxBytes,
                size);
        }

        return reason.Any(char.IsControl)
            ? new FieldFault("reason", FaultCodes.NameSyntax, "reason holds a control character", "leave it out")
            : null;
    }

    /// <summary>The outcome, when it is as asked for.</summary>
    /// <exception cref="RpcException">It is not.</exception>
    public static SuspensionOutcome OrThrow(this SuspensionOutcome outcome, TenantId tenant) => outcome.Status switch
    {
        SuspensionStatus.Changed or SuspensionStatus.Unchanged => outcome,
        SuspensionStatus.TooMany => throw RpcErrors.Full("TENANT_MAX_SUSPENSIONS", "suspensions", Limits.TenantMaxSuspensions).ToRpcException(),
        SuspensionStatus.TenantUnknown => throw RpcErrors.NotFound("TENANT_NOT_FOUND", "tenant", tenant.Value).ToRpcException(),
        _ => throw new InvalidOperationException($"a suspension ended as {outcome.Status}"),
    };

    public static SuspensionMessage ToMessage(this Suspension suspension) => new()
    {
        Reason = suspension.Reason,
        SuspendedAt = suspension.SuspendedAt.ToTimestamp(),
        SuspendedBy = suspension.SuspendedBy,
    };

    public static AcknowledgementMessage ToMessage(this Acknowledgement acknowledgement) => new()
    {
        AcknowledgedSilos = { acknowledgement.Silos },
        PendingSilos = { acknowledgement.Pending },
        EnforcedBy = acknowledgement.EnforcedBy.ToTimestamp(),
    };
}
