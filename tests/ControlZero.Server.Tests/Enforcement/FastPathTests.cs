using ControlZero.Audit.Log;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tests.Audit;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>What the fast path of Enforce answers by itself, and what it leaves to the framework as it came.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class FastPathTests(RecordingServer server) : IClassFixture<RecordingServer>
{
    private readonly FakeTimeProvider _clock = new();
    private string _key = "";

    // How a call differs from one that is answered here; the body is what the framework must find.
    public static TheoryData<string, byte[], Action<HttpRequest>?> OutOfTheOrdinary()
    {
        var plain = Ask().ToByteArray();
        return new TheoryData<string, byte[], Action<HttpRequest>?>
        {
            { "no body", [], null },
            { "half a prefix", [0, 0, 0], null },
            { "less than it says", PlainCall.Framed(plain, more: 1), null },
            { "more than it says", [.. PlainCall.Framed(plain), 0], null },
            { "more than it says, that reads like fields", [.. PlainCall.Framed(plain), .. new EnforceRequest { Action = "b:y" }.ToByteArray()], null },
            { "two messages", [.. PlainCall.Framed(plain), .. PlainCall.Framed(plain)], null },
            { "compressed", PlainCall.Framed(plain, flag: 1), null },
            { "a flag that there is not", PlainCall.Framed(plain, flag: 7), null },
            { "malformed", PlainCall.Framed([0x12, 0x7f, 0x61]), null },
            { "a fault", PlainCall.Framed(new EnforceRequest(Ask()) { Action = "no colon" }.ToByteArray()), null },
            { "another's agent", PlainCall.Framed(new EnforceRequest(Ask()) { AgentId = "other" }.ToByteArray()), null },
            { "an agent that is not active here", PlainCall.Framed(new EnforceRequest(Ask()) { AgentId = "bot-asleep" }.ToByteArray()), null },
            { "longer than is taken uncounted", PlainCall.Framed(Long().ToByteArray()), null },
            { "another content type", PlainCall.Framed(plain), request => request.ContentType = "application/grpc+json" },
            { "no content type", PlainCall.Framed(plain), request => request.ContentType = null },
            { "HTTP/1.1", PlainCall.Framed(plain), request => request.Protocol = HttpProtocol.Http11 },
            { "a deadline that is none", PlainCall.Framed(plain), request => request.Headers.GrpcTimeout = "soon" },
            { "two deadlines", PlainCall.Framed(plain), request => request.Headers.GrpcTimeout = new(["1S", "2S"]) },
        };
    }

    [Theory]
    [MemberData(nameof(OutOfTheOrdinary))]
    public async Task Call_OutOfTheOrdinary_GoesToTheFrameworkAsItCame(string what, byte[] body, Action<HttpRequest>? change)
    {
        var (tenant, call) = await NewCallAsync();
        change?.Invoke(call.Http.Request);
        var events = server.EventsOf(tenant).Count;
        foreach (var piece in body.Chunk(7))
        {
            await call.SendAsync(piece);
        }

        call.Complete();
        await RunAsync(call);

        Assert.Equal((what, Convert.ToHexString(body)), (what, Convert.ToHexString(call.LeftToFramework!)));
        Assert.Equal((events, false), (server.EventsOf(tenant).Count, call.Http.Response.HasStarted));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(1000)]
    public async Task Call_HoweverItsBodyComes_IsAnsweredOnce(int piece)
    {
        var (tenant, call) = await NewCallAsync();
        var running = RunAsync(call);
        foreach (var part in PlainCall.Framed(Ask().ToByteArray()).Chunk(piece))
        {
            await call.SendAsync(part);
        }

        call.Complete();
        await running;

        Assert.Null(call.LeftToFramework);
        var answer = await call.AnswerAsync();
        Assert.Equal(("allow", "r"), (answer.Effect, answer.RequestId));
        EventAssert.Equal(tenant, Ask(), answer, server.EventsOf(tenant).Single(audited => audited.DecisionId == answer.DecisionId));
    }

    [Fact]
    public async Task Call_WhoseCallerHangsUp_GoesToTheFramework()
    {
        var (_, call) = await NewCallAsync();
        var running = RunAsync(call);
        await call.SendAsync([0, 0]);
        call.HangUp();
        await running;

        Assert.NotNull(call.LeftToFramework);
    }

    [Fact]
    public async Task Call_WhoseKeyIsRevokedBeforeItsMessageComes_GoesToTheFramework()
    {
        var (tenant, call) = await NewCallAsync();
        var running = RunAsync(call);
        await new TenantService.TenantServiceClient(server.Channel).RevokeKeyAsync(
            new RevokeKeyRequest { KeyId = call.Http.Features.Get<ClientIdentity>()!.Key.Id.Value }, server.With(_key));
        await SendWholeAsync(call);
        await running;

        Assert.NotNull(call.LeftToFramework);
        Assert.DoesNotContain(server.EventsOf(tenant), audited => audited.RequestId == "r");
    }

    [Fact]
    public async Task Call_WhileSomebodyTraces_GoesToTheFramework()
    {
        using var listener = new System.Diagnostics.ActivityListener { ShouldListenTo = source => source.Name == "ControlZero.Cluster" };
        var (_, call) = await NewCallAsync();
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        await SendWholeAsync(call);
        await RunAsync(call);

        Assert.NotNull(call.LeftToFramework);
    }

    [Fact]
    public async Task Deadline_ThatComesBeforeTheBody_EndsTheCall()
    {
        var (_, call) = await NewCallAsync();
        call.Http.Request.Headers.GrpcTimeout = "200m";
        var running = RunAsync(call);
        _clock.Advance(TimeSpan.FromMilliseconds(200));
        await running;

        Assert.Equal((("4", "DEADLINE_EXCEEDED"), 8), (call.Error(), call.ResetCode));
        Assert.Null(call.LeftToFramework);
    }

    [Fact]
    public async Task Deadline_ThatComesBeforeTheEventIsDurable_EndsTheCall_AndTheEventStays()
    {
        var (tenant, call) = await NewCallAsync();
        var durable = new TaskCompletionSource<AuditAppend>();
        server.Log.Outcome = _ => durable.Task;
        try
        {
            call.Http.Request.Headers.GrpcTimeout = "1S";
            await SendWholeAsync(call);
            var running = RunAsync(call);
            _clock.Advance(TimeSpan.FromMilliseconds(999));
            Assert.False(running.IsCompleted);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            await running;
        }
        finally
        {
            durable.SetResult(new AuditAppend(AuditOutcome.Durable));
            server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        }

        Assert.Equal((("4", "DEADLINE_EXCEEDED"), 8), (call.Error(), call.ResetCode));
        Assert.Single(server.EventsOf(tenant), audited => audited.RequestId == "r");
    }

    // Left to the framework after it was decided, it would be decided and charged again.
    [Theory]
    [InlineData(false, "14", "AUDIT_UNAVAILABLE")]
    [InlineData(true, "13", "INTERNAL")]
    public async Task Log_ThatFails_IsToldHere(bool throws, string status, string reason)
    {
        foreach (var atOnce in new[] { true, false })
        {
            var (_, call) = await NewCallAsync();
            server.Log.Outcome = _ => throws ? throw new InvalidOperationException("planted")
                : atOnce ? Task.FromResult(new AuditAppend(AuditOutcome.Unavailable)) : Task.Run(() => new AuditAppend(AuditOutcome.Unavailable));
            try
            {
                await SendWholeAsync(call);
                await RunAsync(call);
            }
            finally
            {
                server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));
            }

            Assert.Equal((status, reason), call.Error());
            Assert.Null(call.LeftToFramework);
        }
    }

    [Fact]
    public async Task Decision_ThatCannotBeAnswered_IsToldHere()
    {
        var (_, call) = await NewCallAsync("""{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "calls", "metric": "requests", "limit": 10, "window": "month" } ] }""");
        await call.SendAsync(PlainCall.Framed(new EnforceRequest(Ask()) { RequestId = "first", Resource = "model/b" }.ToByteArray()));
        call.Complete();
        await RunAsync(call);

        Assert.Equal(("6", "IDEMPOTENCY_MISMATCH"), call.Error());
        Assert.Null(call.LeftToFramework);
    }

    [Fact]
    public void OtherMethods_KeepTheirHandlers()
    {
        RequestDelegate explain = _ => Task.CompletedTask;
        var endpoint = new RouteEndpointBuilder(explain, RoutePatternFactory.Parse("/x"), 0);
        endpoint.Metadata.Add(MetadataOf("Explain"));
        FastPath().PutBefore(endpoint);

        Assert.Same(explain, endpoint.RequestDelegate);
    }

    private static EnforceRequest Ask() => new() { AgentId = "bot", Action = "llm.generate", Resource = "model/a", RequestId = "r" };

    private static EnforceRequest Long() => new(Ask()) { Context = new Struct { Fields = { ["text"] = Value.ForString(new string('x', 1024)) } } };

    private static GrpcMethodMetadata MetadataOf(string method) => new(
        typeof(Protocol.V1.EnforcementService.EnforcementServiceBase),
        new Method<byte[], byte[]>(MethodType.Unary, "controlzero.v1.EnforcementService", method, Marshallers.Create<byte[]>(_ => _, _ => _), Marshallers.Create<byte[]>(_ => _, _ => _)));

    private static async Task SendWholeAsync(PlainCall call)
    {
        await call.SendAsync(PlainCall.Framed(Ask().ToByteArray()));
        call.Complete();
    }

    // Of a tenant whose agent "bot" is active.
    private async Task<(string Tenant, PlainCall Call)> NewCallAsync(string policy = """{ "name": "p", "rules": [ { "allow": "*" } ] }""")
    {
        var (tenant, key) = await server.NewTenantWithAsync(policy);
        _key = key;
        await new Protocol.V1.EnforcementService.EnforcementServiceClient(server.Channel).EnforceAsync(new EnforceRequest(Ask()) { RequestId = "first" }, server.With(key));
        var bound = await server.NewKeyAsync(key, ["enforce"], "bot*");
        var caller = await server.Services.GetRequiredService<KeyAuthenticator>().AuthenticateAsync($"Bearer {bound}", CancellationToken.None);
        return (tenant, new PlainCall(caller!));
    }

    // A call that never ends is a failing test, not one that waits for ever.
    private Task RunAsync(PlainCall call)
    {
        var endpoint = new RouteEndpointBuilder(call.FrameworkAsync, RoutePatternFactory.Parse("/x"), 0);
        endpoint.Metadata.Add(MetadataOf("Enforce"));
        FastPath().PutBefore(endpoint);
        return endpoint.RequestDelegate!(call.Http).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private EnforceFastPath FastPath() => new(
        server.Services.GetRequiredService<KeyAuthenticator>(),
        server.Services.GetRequiredService<LocalDecisions>(),
        server.Services.GetRequiredService<DecisionAnswers>(),
        server.Services.GetRequiredService<ControlZero.Server.Audit.DecisionTrail>(),
        server.Services.GetRequiredService<ControlZero.Server.Telemetry.EnforceInstruments>(),
        server.Services.GetRequiredService<ControlZero.Server.Telemetry.CallInstruments>(),
        server.Services.GetRequiredService<ControlZero.Server.Telemetry.CallTraces>(),
        server.Services.GetRequiredService<FailureTranslator>(),
        _clock);
}
