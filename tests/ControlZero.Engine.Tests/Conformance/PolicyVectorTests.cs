using System.Collections.Immutable;
using System.Text.Json;
using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Tests.Oracle;

namespace ControlZero.Engine.Tests.Conformance;

public class PolicyVectorTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly JsonElement[] Vectors =
    [
        .. new[] { "policy-vectors.json", "corner-vectors.json", "timed-vectors.json" }
            .SelectMany(file => JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "conformance", file))).RootElement.EnumerateArray()),
    ];

    public static TheoryData<string> Decided => [.. Names(expectsDecision: true)];

    public static TheoryData<string> Refused => [.. Names(expectsDecision: false)];

    [Theory]
    [MemberData(nameof(Decided))]
    public void Vector_WithADecision_IsDecidedSoByBothEvaluators(string name)
    {
        var vector = Vector(name);
        var request = Request(vector.GetProperty("request"));
        var documents = vector.GetProperty("policies").EnumerateArray().Select(Document).ToArray();
        var defaultOnEmpty = DefaultOnEmpty(vector);
        var set = PolicySet.Create(documents.Select(document => CompiledPolicy.Compile(document, 1)), defaultOnEmpty);

        var verdict = Verdict.Of(set.For(request.AgentId).Evaluate(in request));

        Assert.Equal(Expected(vector.GetProperty("expect"), verdict.EvaluatedRules), verdict);
        Assert.Equal(verdict, NaiveEvaluator.Decide(documents, defaultOnEmpty, request));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Vector_WithAnInvalidPolicy_IsRefused(string name)
    {
        var policies = Vector(name).GetProperty("policies").EnumerateArray();

        Assert.Contains(policies, policy => !PolicyParser.Parse(policy.GetRawText()).IsValid);
    }

    [Fact]
    public void Vectors_All_AreOfOneOfTheTwoKinds()
    {
        Assert.Equal((545, 202, 747), (Decided.Count, Refused.Count, Vectors.Length));
    }

    private static IEnumerable<string> Names(bool expectsDecision) => Vectors
        .Where(vector => vector.GetProperty("expect").TryGetProperty("effect", out _) == expectsDecision)
        .Select(vector => vector.GetProperty("name").GetString()!);

    private static JsonElement Vector(string name) => Vectors.Single(vector => vector.GetProperty("name").GetString() == name);

    private static PolicyDocument Document(JsonElement policy)
    {
        var parsed = PolicyParser.Parse(policy.GetRawText());
        return parsed.Document ?? throw new InvalidOperationException(string.Join('\n', parsed.Diagnostics));
    }

    private static Effect DefaultOnEmpty(JsonElement vector)
    {
        var word = vector.TryGetProperty("settings", out var settings) ? settings.GetProperty("default_on_empty").GetString()! : "deny";
        return Effects.TryParse(word, out var effect) ? effect : throw new InvalidOperationException(word);
    }

    private static EvaluationRequest Request(JsonElement request) => new()
    {
        AgentId = request.GetProperty("agent").GetString()!,
        Action = request.GetProperty("action").GetString()!,
        Resource = request.GetProperty("resource").GetString(),
        Context = Value(request.GetProperty("context")),
        Labels = request.TryGetProperty("labels", out var labels)
            ? labels.EnumerateObject().ToImmutableSortedDictionary(label => label.Name, label => label.Value.GetString()!)
            : null,
        Now = request.TryGetProperty("time", out var time) ? time.GetDateTimeOffset() : Now,
    };

    private static ContextValue Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ContextValue.Of(element.EnumerateObject().Select(field => new ContextField(field.Name, Value(field.Value))).ToImmutableArray()),
        JsonValueKind.Array => ContextValue.List([.. element.EnumerateArray().Select(Value)]),
        JsonValueKind.String => ContextValue.Of(element.GetString()!),
        JsonValueKind.Number => ContextValue.Of(element.GetDouble()),
        JsonValueKind.True or JsonValueKind.False => ContextValue.Of(element.GetBoolean()),
        _ => ContextValue.Null,
    };

    private static Verdict Expected(JsonElement expect, int evaluatedRules) => new(
        expect.GetProperty("effect").GetString()!,
        expect.GetProperty("rule").GetString()!,
        expect.TryGetProperty("rule_index", out var index) ? index.GetInt32() : null,
        expect.TryGetProperty("policy", out var policy) ? policy.GetString()! : "",
        expect.GetProperty("reason_code").GetString()!,
        evaluatedRules);
}
