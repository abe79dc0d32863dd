using System.Diagnostics;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Server.Telemetry;
using Grpc.Core;

namespace ControlZero.Server.Tests.Telemetry;

public sealed class CallTracesTests : IDisposable
{
    private const string Method = "/controlzero.v1.EnforcementService/Enforce";
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();
    private readonly ActivitySpanId _caller = ActivitySpanId.CreateRandom();
    private readonly CallTraces _traces = new();

    [Fact]
    public void Span_OfADecidedCall_IsBelowItsCallersAndTellsTheModelAndTheDecision()
    {
        using var listener = Listen();

        using var span = _traces.Begin(Method, Headers());
        _traces.OnDecided("llm.generate", "model/openai/gpt-4", Of("TEAM_SECRET"));
        CallTraces.End(span, StatusCode.OK);

        Assert.Equal((_trace, _caller, ActivityKind.Server), (span!.TraceId, span.ParentSpanId, span.Kind));
        Assert.Equal(
            [
                "controlzero.decision=deny", "controlzero.effect=deny", "controlzero.reason_code=custom", "gen_ai.operation.name=chat",
                "gen_ai.request.model=openai/gpt-4", "rpc.grpc.status_code=0", "rpc.method=Enforce", "rpc.service=controlzero.v1.EnforcementService", "rpc.system=grpc",
            ],
            span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("tool.call", "tool/search", "execute_tool", "gen_ai.tool.name", "search")]
    [InlineData("embedding:generate", "model/e", "embeddings", "gen_ai.request.model", "e")]
    [InlineData("file.read", "file/of/a/person", null, "gen_ai.request.model", null)]
    public void Span_OfOtherActions_NamesOnlyModelsAndTools(string action, string resource, string? operation, string tag, string? value)
    {
        using var listener = Listen();

        using var span = _traces.Begin(Method, Headers());
        _traces.OnDecided(action, resource, Of("RULE_MATCH"));

        Assert.Equal((operation, value), (span!.GetTagItem("gen_ai.operation.name") as string, span.GetTagItem(tag) as string));
        Assert.DoesNotContain(span.TagObjects, entry => $"{entry.Value}".Contains("person", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(StatusCode.OK, ActivityStatusCode.Unset)]
    [InlineData(StatusCode.Cancelled, ActivityStatusCode.Unset)]
    [InlineData(StatusCode.Unavailable, ActivityStatusCode.Error)]
    public void Span_OfAFailedCall_IsAnError(StatusCode status, ActivityStatusCode expected)
    {
        using var listener = Listen();

        using var span = _traces.Begin(Method, Headers());
        CallTraces.End(span, status);

        Assert.Equal(expected, span!.Status);
    }

    public void Dispose() => _traces.Dispose();

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TelemetryNames.Source,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static Decision Of(string code) => new() { Effect = Effect.Deny, ReasonCode = code, Reason = "why", RuleId = "r" };

    private Metadata Headers() => new() { { "traceparent", $"00-{_trace}-{_caller}-01" } };
}
