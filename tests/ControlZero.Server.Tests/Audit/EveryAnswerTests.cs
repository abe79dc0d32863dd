using System.Diagnostics.Metrics;
using ControlZero.Audit.Log;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Server.Tests.Policies;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;

namespace ControlZero.Server.Tests.Audit;

/// <summary>Every answer of a server has exactly one event, which equals it; what is no decision has none.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class EveryAnswerTests(RecordingServer server) : IClassFixture<RecordingServer>
{
    public static TheoryData<string> Vectors() =>
    [
        .. PolicyVectors.Read()
            .Where(vector => !vector.GetProperty("expect").TryGetProperty("error", out _))
            .Select(vector => vector.GetProperty("name").GetString()!),
    ];

    [Theory]
    [MemberData(nameof(Vectors))]
    public Task Vector_HoweverItIsAsked_HasAnEventThatEqualsItsAnswer(string name) => AssertEventsAsync(name, []);

    [Theory]
    [MemberData(nameof(Vectors))]
    public Task Vector_BesideAPolicyInShadow_HasAnEventThatEqualsItsAnswer(string name) => AssertEventsAsync(
        name, ["""{ "name": "in-shadow", "mode": "shadow", "priority": -1, "rules": [ { "id": "s\"é😀", "deny": "*:*e*" }, { "allow": "*", "resource": "*a*" } ] }"""]);

    private async Task AssertEventsAsync(string name, IEnumerable<string> inShadow)
    {
        var vector = PolicyVectors.Find(name);
        var (tenant, key) = await server.NewTenantAsync(defaultOnEmpty: PolicyVectors.DefaultOnEmpty(vector));
        foreach (var document in PolicyVectors.Documents(vector).Concat(inShadow))
        {
            await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(new PublishPolicyRequest { Document = document }, server.With(key));
        }

        var request = PolicyVectors.Request(vector);
        var answers = new List<EnforceResponse>();
        try
        {
            answers.Add(await Enforcement.EnforceAsync(request, server.With(key)));
            answers.Add(await Enforcement.EnforceAsync(new EnforceRequest(request) { DryRun = true }, server.With(key)));
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.InvalidArgument)
        {
            Assert.Empty(server.EventsOf(tenant));
            return;
        }

        var batch = await Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { request, request } }, server.With(key));
        answers.AddRange(batch.Results.Select(result => result.Response));
        using (var stream = Enforcement.EnforceStream(server.With(key)))
        {
            await stream.RequestStream.WriteAsync(new EnforceStreamRequest { Enforce = request });
            await stream.RequestStream.CompleteAsync();
            answers.AddRange((await stream.ResponseStream.ReadAllAsync().ToListAsync()).Select(answer => answer.Response));
        }

        var events = server.EventsOf(tenant);
        Assert.Equal(5, answers.Count);
        Assert.All(answers, answer => Assert.Equal(inShadow.Any(), answer.Shadow is not null));
        Assert.Equal(answers.Select(answer => answer.DecisionId).Order(), events.Select(audited => audited.DecisionId).Order());
        Assert.All(answers, answer =>
        {
            var audited = events.Single(each => each.DecisionId == answer.DecisionId);
            Assert.Equal((AuditEventKind.Decision, key.Split('_')[2]), (audited.Kind, audited.KeyId));
            EventAssert.Equal(tenant, request, answer, audited);
        });
    }

    [Fact]
    public async Task Shadow_WhoseRuleIsCalledLikeASecret_IsRecordedWithoutIt()
    {
        const string Secret = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789";
        var (tenant, key) = await server.NewTenantWithAsync($$"""{ "name": "p", "mode": "shadow", "rules": [ { "id": "{{Secret}}", "deny": "*" } ] }""");

        var answer = await Enforcement.EnforceAsync(Ask(), server.With(key));

        var audited = Assert.Single(server.EventsOf(tenant));
        Assert.Equal((Secret, "[REDACTED:secret]", ControlZero.Audit.Format.Events.RedactedKinds.Secret), (answer.Shadow.RuleId, audited.Shadow!.RuleId, audited.Redacted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reservation_ThatIsSettledOrGivenBack_HasAnEventForIt(bool inAStream)
    {
        var (tenant, key) = await server.NewTenantWithAsync(
            """
            { "name": "p", "rules": [ { "allow": "*" } ],
              "limits": [ { "name": "tokens", "metric": "total_tokens", "limit": 1000, "window": "month", "per": "agent" } ] }
            """);
        var request = new EnforceRequest(Ask()) { Estimate = new Estimate { InputTokens = 10, MaxOutputTokens = 10 } };
        var (first, second) = (await Enforcement.EnforceAsync(request, server.With(key)), await Enforcement.EnforceAsync(request, server.With(key)));
        var settle = new SettleRequest { Token = first.Reservation.Token, AgentId = "bot", Usage = new Usage { InputTokens = 5, OutputTokens = 5 }, ResponseModel = "model/b" };
        var cancel = new CancelRequest { Token = second.Reservation.Token, AgentId = "bot" };
        if (inAStream)
        {
            await SendAsync(key, new EnforceStreamRequest { Settle = settle });
            await SendAsync(key, new EnforceStreamRequest { Cancel = cancel });
        }
        else
        {
            await Enforcement.SettleAsync(settle, server.With(key));
            await Enforcement.CancelAsync(cancel, server.With(key));
        }

        var events = server.EventsOf(tenant);
        EventAssert.Equal(tenant, request, first, events[0]);
        EventAssert.Equal(tenant, request, second, events[1]);
        Assert.All(events.Take(2), audited => Assert.Equal(new ControlZero.Audit.Format.Events.ChargedUnits("p", "tokens", "total_tokens", 20), Assert.Single(audited.Charged)));
        Assert.Equal(
            [
                (AuditEventKind.Settlement, first.Reservation.Token, "MODEL_DRIFT", "model/b"),
                (AuditEventKind.Cancellation, second.Reservation.Token, "CANCELLED", ""),
            ],
            events.Skip(2).Select(audited => (audited.Kind, audited.Reservation, audited.ReasonCode, audited.Resource)));
        Assert.Equal(4, events.Select(audited => audited.DecisionId).Distinct().Count());
    }

    [Fact]
    public async Task Explain_AndPolicyTests_AreNotRecorded()
    {
        var (tenant, key) = await server.NewTenantAsync();
        await Enforcement.ExplainAsync(new ExplainRequest { Request = Ask() }, server.With(key));
        await new PolicyService.PolicyServiceClient(server.Channel).TestPolicyAsync(
            new TestPolicyRequest { Documents = { """{"name":"p","rules":[{"allow":"*"}]}""" }, Requests = { Ask() } }, server.With(key));

        Assert.Empty(server.EventsOf(tenant));
    }

    [Fact]
    public async Task Call_ThatIsCancelledWhileItsEventIsWritten_HasItsEvent()
    {
        var (tenant, key) = await server.NewTenantAsync();
        var (begun, durable) = (new TaskCompletionSource(), new TaskCompletionSource<AuditAppend>());
        server.Log.Outcome = _ =>
        {
            begun.TrySetResult();
            return durable.Task;
        };
        try
        {
            using var hangUp = new CancellationTokenSource();
            var call = Enforcement.EnforceAsync(Ask(), server.With(key), cancellationToken: hangUp.Token).ResponseAsync;
            await begun.Task.WaitAsync(TimeSpan.FromSeconds(30));
            await hangUp.CancelAsync();
            Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        }
        finally
        {
            durable.SetResult(new AuditAppend(AuditOutcome.Durable));
            server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        }

        Assert.Single(server.EventsOf(tenant));
    }

    [Fact]
    public async Task Duration_OfACall_HasTheWaitForItsEventInIt()
    {
        var (_, key) = await server.NewTenantAsync();
        var meters = server.Services.GetRequiredService<IMeterFactory>();
        var measured = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "controlzero.enforce.duration" && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref measured));
        listener.Start();
        await Enforcement.EnforceAsync(Ask(), server.With(key));
        var (begun, durable) = (new TaskCompletionSource(), new TaskCompletionSource<AuditAppend>());
        server.Log.Outcome = _ =>
        {
            begun.TrySetResult();
            return durable.Task;
        };

        var call = Enforcement.EnforceAsync(Ask(), server.With(key)).ResponseAsync;
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var meanwhile = Volatile.Read(ref measured);
        server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        durable.SetResult(new AuditAppend(AuditOutcome.Durable));
        await call;

        Assert.Equal((1, 2), (meanwhile, Volatile.Read(ref measured)));
    }

    [Fact]
    public async Task Log_ThatTakesNothing_MakesEveryQuestionUnavailable()
    {
        var (_, key) = await server.NewTenantWithAsync(
            """
            { "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "calls", "metric": "requests", "limit": 10, "window": "month" } ] }
            """);
        var token = (await Enforcement.EnforceAsync(Ask(), server.With(key))).Reservation.Token;
        server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Unavailable));
        try
        {
            await RpcAssert.FailsAsync(StatusCode.Unavailable, "AUDIT_UNAVAILABLE", Enforcement.EnforceAsync(Ask(), server.With(key)));
            var batch = await Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Ask() } }, server.With(key));
            Assert.Equal((int)StatusCode.Unavailable, batch.Results[0].Error.Code);
            var cancelled = await SendAsync(key, new EnforceStreamRequest { Cancel = new CancelRequest { AgentId = "bot", Token = token } });
            Assert.Equal((int)StatusCode.Unavailable, cancelled.Error.Code);
        }
        finally
        {
            server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        }
    }

    private async Task<EnforceStreamResponse> SendAsync(string key, EnforceStreamRequest request)
    {
        using var stream = Enforcement.EnforceStream(server.With(key));
        await stream.RequestStream.WriteAsync(request);
        await stream.RequestStream.CompleteAsync();
        return Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync());
    }

    private EnforcementService.EnforcementServiceClient Enforcement => new(server.Channel);

    private static EnforceRequest Ask() => new() { AgentId = "bot", Action = "llm.generate", Resource = "model/a" };
}

/// <summary>A server whose log is in memory.</summary>
public sealed class RecordingServer : RunningServer
{
    /// <summary>The log.</summary>
    internal MemoryLog Log { get; } = new();

    /// <summary>The events of a tenant.</summary>
    internal IReadOnlyList<ControlZero.Audit.Format.Events.AuditEvent> EventsOf(string tenant) => [.. Log.Events.Where(audited => audited.Tenant == tenant)];

    private protected override void AlsoAdd(IServiceCollection services)
    {
        base.AlsoAdd(services);
        services.AddSingleton<IAuditLog>(Log);
    }
}
