using System.Collections.Immutable;
using ControlZero.Abstractions.Keys;
using ControlZero.Audit.Contexts;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Redaction;
using ControlZero.Engine.Context;
using ControlZero.Engine.Quotas;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;
using ChargedUnits = ControlZero.Audit.Format.Events.ChargedUnits;

namespace ControlZero.Server.Audit;

/// <summary>
/// From answers to their events. The only place, and it reads the answer itself: what an event says was decided is what its caller is sent.
/// Every text passes the redactor.
/// </summary>
/// <param name="contextKeys">Keys of a context whose values are kept.</param>
internal sealed class DecisionEvents(IReadOnlyList<string> contextKeys)
{
    /// <summary>The event of an answer.</summary>
    /// <param name="kind">What it records.</param>
    /// <param name="outcome">What was asked and what is answered.</param>
    /// <param name="key">The key that asked.</param>
    /// <param name="time">When it is recorded.</param>
    public AuditEvent Of(AuditEventKind kind, in EnforceOutcome outcome, KeyId key, DateTimeOffset time)
    {
        var redacted = RedactedKinds.None;
        var (question, response) = (outcome.Question, outcome.Response!);
        var request = question.Request;
        return new AuditEvent
        {
            Kind = kind,
            DecisionId = response.DecisionId,
            Time = time,
            Tenant = question.Tenant.Value,
            Agent = question.Agent.Value,
            RequestId = request.RequestId is null ? response.RequestId : Redactor.RedactSecrets(response.RequestId, ref redacted),
            Action = Redactor.RedactSecrets(request.Action, ref redacted),
            Resource = request.Resource is null ? "" : Redactor.Redact(request.Resource, ref redacted),
            Candidates = request.Candidates.IsEmpty ? [] : Redact(request.Candidates, ref redacted),
            DeniedResource = response.DeniedResource.Length == 0 ? "" : Redactor.Redact(response.DeniedResource, ref redacted),
            ContextDigest = request.Context is null ? "" : ContextDigest.Of(question.Tenant, request.Context),
            Context = request.Context is null || contextKeys.Count == 0 ? [] : Chosen(request.Context, ref redacted),
            Allowed = response.Decision == Decision.Allow,
            Effect = response.Effect,
            ReasonCode = Redactor.RedactSecrets(response.ReasonCode, ref redacted),
            Reason = Redactor.Redact(response.Reason, ref redacted),
            Policy = response.Policy,
            PolicyVersion = response.PolicyVersion,
            PolicyEpoch = response.PolicyEpoch,
            RuleId = Redactor.RedactSecrets(response.RuleId, ref redacted),
            RuleIndex = response.HasRuleIndex ? response.RuleIndex : null,
            EvaluatedRules = response.EvaluatedRules,
            Shadow = response.Shadow is { } shadow ? Of(shadow, ref redacted) : null,
            Obligations = response.Obligations.Count == 0 ? [] : [.. response.Obligations.Select(obligation => obligation.Name)],
            Charged = outcome.Charged is null ? [] : [.. outcome.Charged.Select(charge => new ChargedUnits(charge.Policy, charge.Name, charge.Metric.ToWord(), charge.Units))],
            Reservation = response.Reservation?.Token ?? "",
            KeyId = key.Value,
            Silo = "",
            DryRun = response.DryRun,
            Replayed = response.Replayed,
            Redacted = redacted,
        };
    }

    /// <summary>The event of a reservation that was settled.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="response">What is answered.</param>
    /// <param name="id">An id of its own.</param>
    /// <param name="caller">Who asked.</param>
    /// <param name="time">When it is recorded.</param>
    public static AuditEvent Of(SettleRequest request, SettleResponse response, string id, ClientIdentity caller, DateTimeOffset time)
    {
        var redacted = RedactedKinds.None;
        return OfReservation(AuditEventKind.Settlement, request.AgentId, request.Token, id, caller, time) with
        {
            Action = "settle",
            Resource = Redactor.Redact(request.ResponseModel, ref redacted),
            ReasonCode = response.ModelDrift ? "MODEL_DRIFT" : response.Overrun ? "OVERRUN" : "SETTLED",
            Replayed = response.Replayed,
            Late = response.Late,
            Redacted = redacted,
        };
    }

    /// <summary>The event of a reservation that was given back.</summary>
    public static AuditEvent Of(CancelRequest request, CancelResponse response, string id, ClientIdentity caller, DateTimeOffset time) =>
        OfReservation(AuditEventKind.Cancellation, request.AgentId, request.Token, id, caller, time) with
        {
            Action = "cancel",
            ReasonCode = "CANCELLED",
            Replayed = response.Replayed,
            Late = response.Late,
        };

    private static AuditEvent OfReservation(AuditEventKind kind, string agent, string token, string id, ClientIdentity caller, DateTimeOffset time) => new()
    {
        Kind = kind,
        DecisionId = id,
        Time = time,
        Tenant = caller.Tenant.Value,
        Agent = agent.Length == 0 ? caller.SoleAgent?.Value ?? "" : agent,
        RequestId = "",
        Action = "",
        Allowed = false,
        Effect = "",
        ReasonCode = "",
        RuleId = "",
        Reservation = token,
        KeyId = caller.Key.Id.Value,
        Silo = "",
    };

    private static ShadowRecord Of(ShadowDecision shadow, ref RedactedKinds redacted) => new(
        shadow.Decision == Decision.Allow,
        shadow.Effect,
        Redactor.RedactSecrets(shadow.ReasonCode, ref redacted),
        shadow.Policy,
        shadow.PolicyVersion,
        Redactor.RedactSecrets(shadow.RuleId, ref redacted));

    private static ImmutableArray<string> Redact(ImmutableArray<string> texts, ref RedactedKinds redacted)
    {
        var all = ImmutableArray.CreateBuilder<string>(texts.Length);
        foreach (var text in texts)
        {
            all.Add(Redactor.Redact(text, ref redacted));
        }

        return all.MoveToImmutable();
    }

    private ImmutableArray<KeyValuePair<string, string>> Chosen(ContextValue context, ref RedactedKinds redacted)
    {
        var chosen = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var key in contextKeys)
        {
            if (context.Find(key) is not { } value)
            {
                continue;
            }

            var text = value.AsText() ?? ContextDigest.Canonical(value);
            if (Redactor.NamesSecret(key))
            {
                redacted |= RedactedKinds.Secret;
                text = RedactedKinds.Secret.Mark();
            }

            chosen.Add(new(key, Redactor.Redact(text, ref redacted)));
        }

        return chosen.DrainToImmutable();
    }
}
