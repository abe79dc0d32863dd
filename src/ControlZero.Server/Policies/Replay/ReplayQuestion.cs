using ControlZero.Engine;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Grpc.Core;
using Diagnostic = ControlZero.Engine.Diagnostics.Diagnostic;

namespace ControlZero.Server.Policies.Replay;

/// <summary>A checked <see cref="ReplayPolicyRequest"/>.</summary>
/// <param name="Draft">The draft.</param>
/// <param name="Findings">Warnings about it.</param>
/// <param name="Events">Which events, and from which page on.</param>
/// <param name="MaxEvents">At most so many decisions.</param>
/// <param name="MaxExamples">At most so many examples of each kind.</param>
internal sealed record ReplayQuestion(
    PolicyDocument Draft, IReadOnlyList<Diagnostic> Findings, QueryEventsRequest Events, int MaxEvents, int MaxExamples)
{
    private const int UsualEvents = 10_000;
    private const int UsualExamples = 10;

    /// <summary>Checks a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="parsed">Its document.</param>
    /// <exception cref="RpcException">A field is wrong.</exception>
    public static ReplayQuestion Read(ReplayPolicyRequest request, PolicyParseResult parsed)
    {
        FieldFault?[] faults =
        [
            request.AgentId.Length == 0 ? null : RequestSyntax.CheckAgentId(request.AgentId),
            Range("max_events", request.MaxEvents, Limits.ReplayMaxEvents, UsualEvents),
            Range("max_examples", request.MaxExamples, Limits.ReplayMaxExamples, UsualExamples),
        ];
        if (faults.OfType<FieldFault>().ToList() is { Count: > 0 } found)
        {
            throw RpcErrors.InvalidFields(found).ToRpcException();
        }

        return new ReplayQuestion(
            parsed.Document ?? throw RpcErrors.PolicyInvalid(parsed.Diagnostics).ToRpcException(),
            parsed.Diagnostics,
            new QueryEventsRequest { Filter = new EventFilter { AgentId = request.AgentId }, From = request.From, To = request.To, PageSize = Limits.PageMaxSize },
            request.MaxEvents == 0 ? UsualEvents : request.MaxEvents,
            request.MaxExamples == 0 ? UsualExamples : request.MaxExamples);
    }

    private static FieldFault? Range(string field, int value, int most, int usual) => value >= 0 && value <= most
        ? null
        : new FieldFault(field, "NUMBER_RANGE", $"{field} {value} is out of range", $"send 1 to {most}, or 0 for {usual}", most, value);
}
