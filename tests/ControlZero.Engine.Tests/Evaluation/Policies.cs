using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Evaluation;

/// <summary>Policies and requests of tests, from documents as people write them.</summary>
internal static class Policies
{
    public static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static PolicyDocument Document(string text)
    {
        var parsed = PolicyParser.Parse(text);
        return parsed.Document ?? throw new ArgumentException(string.Join('\n', parsed.Diagnostics), nameof(text));
    }

    public static PolicySet Set(params string[] documents) =>
        PolicySet.Create(documents.Select(document => CompiledPolicy.Compile(Document(document), 7)), Effect.Deny);

    public static EvaluationRequest Request(string action, string? resource = null, string agent = "agent-1") =>
        new() { AgentId = agent, Action = action, Resource = resource, Now = Now };

    public static Decision Decide(string document, EvaluationRequest request) => Set(document).For(request.AgentId).Evaluate(in request).Decision;
}
