using System.Diagnostics;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using Grpc.Core;

namespace ControlZero.Server.Telemetry;

/// <summary>
/// A span for each call, and what it was decided. Where nobody traces, a call costs a branch. Attributes hold neither tenant, agent, key,
/// request id nor context: traces leave the machine and are kept by others.
/// </summary>
internal sealed class CallTraces : IDisposable
{
    private const string ModelPrefix = "model/";
    private const string ToolPrefix = "tool/";

    private readonly ActivitySource _source = new(TelemetryNames.Source);

    /// <summary>Whether anybody traces.</summary>
    public bool AreOn => _source.HasListeners();

    /// <summary>Begins the span of a call, below the one its caller names. Null: it is not traced. Dispose it when the call has ended.</summary>
    public Activity? Begin(ServerCallContext context) => AreOn ? Begin(context.Method, context.RequestHeaders) : null;

    /// <summary>The same from the call's parts.</summary>
    /// <param name="method">The call's full name, <c>/package.Service/Method</c>.</param>
    /// <param name="headers">Its request headers.</param>
    public Activity? Begin(string method, Metadata headers)
    {
        if (!AreOn)
        {
            return null;
        }

        ActivityContext.TryParse(headers.GetValue("traceparent"), headers.GetValue("tracestate"), isRemote: true, out var parent);
        var name = method[1..];
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return _source.StartActivity(name, ActivityKind.Server, parent)?
            .SetTag("rpc.system", "grpc")
            .SetTag("rpc.service", name[..slash])
            .SetTag("rpc.method", name[(slash + 1)..]);
    }

    /// <summary>Says how a call ended.</summary>
    public static void End(Activity? span, StatusCode status)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag(TelemetryNames.Status, (int)status);
        if (status is not (StatusCode.OK or StatusCode.Cancelled))
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>Adds to the current span what was asked, as far as it names a model or tool, and what was decided.</summary>
    public void OnDecided(string action, string? resource, Decision decision)
    {
        if (!_source.HasListeners() || Activity.Current is not { IsAllDataRequested: true } span || span.Source != _source)
        {
            return;
        }

        var series = DecisionSeries.TagsOf(DecisionSeries.Of(decision.Effect, decision.ReasonCode));
        span.SetTag("controlzero.decision", decision.Effect.Permits() ? "allow" : "deny")
            .SetTag("controlzero.effect", series[0].Value)
            .SetTag("controlzero.reason_code", series[1].Value)
            .SetTag("gen_ai.operation.name", Operation(action));
        if (resource?.StartsWith(ModelPrefix, StringComparison.Ordinal) == true)
        {
            span.SetTag("gen_ai.request.model", resource[ModelPrefix.Length..]);
        }
        else if (resource?.StartsWith(ToolPrefix, StringComparison.Ordinal) == true)
        {
            span.SetTag("gen_ai.tool.name", resource[ToolPrefix.Length..]);
        }
    }

    public void Dispose() => _source.Dispose();

    // The names of OpenTelemetry's conventions for generative AI, for the actions that our own wrappers ask about. Others have none.
    private static string? Operation(string action) => action switch
    {
        "llm.generate" or "llm:generate" => "chat",
        "embedding.generate" or "embedding:generate" => "embeddings",
        "tool.call" or "tool:call" => "execute_tool",
        _ => null,
    };
}
