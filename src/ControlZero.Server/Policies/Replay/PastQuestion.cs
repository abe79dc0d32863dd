using System.Collections.Immutable;
using ControlZero.Engine.Evaluation;
using ControlZero.Protocol.V1;

namespace ControlZero.Server.Policies.Replay;

/// <summary>What an event tells of the request that was decided.</summary>
/// <param name="Request">What is known of it.</param>
/// <param name="Candidates">Its candidates.</param>
/// <param name="HasContext">True: it had a context, of which only the digest is kept.</param>
/// <param name="IsWhole">False: a text that rules are held against was redacted or cut.</param>
internal readonly record struct PastQuestion(EvaluationRequest Request, ImmutableArray<string> Candidates, bool HasContext, bool IsWhole)
{
    /// <summary>Reads an event.</summary>
    public static PastQuestion Of(AuditEvent audited) => new(
        new EvaluationRequest
        {
            AgentId = audited.AgentId,
            Action = audited.Action,
            Resource = audited.Resource.Length == 0 ? null : audited.Resource,
            Now = audited.Time.ToDateTimeOffset(),
        },
        [.. audited.CandidateResources],
        audited.ContextSha256.Length > 0,
        !audited.Cut.Keys.Any(field => field is "action" or "resource" or "candidates")
            && !audited.Redacted.Any(kind => audited.CandidateResources.Append(audited.Action).Append(audited.Resource)
                .Any(text => text.Contains($"[REDACTED:{kind}]", StringComparison.Ordinal))));
}
