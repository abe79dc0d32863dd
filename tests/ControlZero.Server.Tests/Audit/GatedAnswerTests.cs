using ControlZero.Audit.Log;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Audit;

/// <summary>Answers of a whole server whose log is prompt: their calls are over at once, and they reach their callers when their events are durable.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class GatedAnswerTests(RecordingServer server) : IClassFixture<RecordingServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Forms() => ["alone", "in a batch", "in a stream"];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Answer_ReachesItsCallerWhenItsEventIsDurable_AndItsCallIsOverBefore(string form)
    {
        var (tenant, key) = await NewTenantAsync();
        var (recording, durable) = Pend();
        try
        {
            var answer = AskAsync(form, key);
            await recording.WaitAsync(Patience);
            if (form != "in a stream")
            {
                var calls = server.Services.GetRequiredService<CallLimit>();
                await Until.TrueAsync(() => calls.UnderWay == 0, "the call is over");
            }

            Assert.False(answer.IsCompleted);
            durable.SetResult(new AuditAppend(AuditOutcome.Durable));

            Assert.Equal("allow", (await answer.WaitAsync(Patience)).Effect);
            Assert.Single(server.EventsOf(tenant), audited => audited.RequestId == "r");
        }
        finally
        {
            Restore();
        }
    }

    // It was written as an allow, so there is no other way to take it back; the same request id finds what was charged.
    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Answer_WhoseEventIsLost_NeverReachesItsCaller(string form)
    {
        var (_, key) = await NewTenantAsync();
        var (recording, lost) = Pend();
        try
        {
            var answer = AskAsync(form, key);
            await recording.WaitAsync(Patience);
            lost.SetResult(new AuditAppend(AuditOutcome.Unavailable));

            var failure = await Assert.ThrowsAsync<RpcException>(() => answer.WaitAsync(Patience));
            Assert.True(failure.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Cancelled, $"{failure.Status}");
        }
        finally
        {
            Restore();
        }

        Assert.Equal("allow", (await AskAsync(form, key)).Effect);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Answer_OfALogThatIsNotPrompt_WaitsInItsCall_AndIsTold(string form)
    {
        var (_, key) = await NewTenantAsync();
        var (recording, lost) = Pend();
        server.Log.IsPrompt = false;
        try
        {
            var answer = AskAsync(form, key);
            await recording.WaitAsync(Patience);
            lost.SetResult(new AuditAppend(AuditOutcome.Unavailable));

            var failure = await Assert.ThrowsAsync<RpcException>(() => answer.WaitAsync(Patience));
            Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
            Assert.Contains("could not be recorded", failure.Status.Detail, StringComparison.Ordinal);
        }
        finally
        {
            Restore();
        }
    }

    // Recording is done when the event is on its way and it was decided who waits for it, the call or its connection: what happens before does not test that.
    private (Task Recording, TaskCompletionSource<AuditAppend> End) Pend()
    {
        var (begun, end) = (false, new TaskCompletionSource<AuditAppend>(TaskCreationOptions.RunContinuationsAsynchronously));
        var recording = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Log.IsPrompt = true;
        server.Log.Outcome = _ =>
        {
            Volatile.Write(ref begun, true);
            return end.Task;
        };
        server.Log.PromptnessAsked = () =>
        {
            if (Volatile.Read(ref begun))
            {
                recording.TrySetResult();
            }
        };
        return (recording.Task, end);
    }

    private void Restore()
    {
        server.Log.PromptnessAsked = () => { };
        server.Log.IsPrompt = false;
        server.Log.Outcome = _ => Task.FromResult(new AuditAppend(AuditOutcome.Durable));
    }

    private async Task<(string Tenant, string Key)> NewTenantAsync()
    {
        var (tenant, key) = await server.NewTenantWithAsync("""{ "name": "p", "rules": [ { "allow": "*" } ] }""");
        await new EnforcementService.EnforcementServiceClient(server.Channel).EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "a:x" }, server.With(key));
        return (tenant, key);
    }

    // By a connection of its own, so that what ends it ends no other test's.
    private async Task<EnforceResponse> AskAsync(string form, string key)
    {
        var enforcement = new EnforcementService.EnforcementServiceClient(server.Open());
        var request = new EnforceRequest { AgentId = "bot", Action = "a:x", RequestId = "r" };
        switch (form)
        {
            case "alone":
                return await enforcement.EnforceAsync(request, server.With(key));
            case "in a batch":
                var batch = await enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { request } }, server.With(key));
                return batch.Results[0].Response ?? throw ToException(batch.Results[0].Error);
            default:
                using (var stream = enforcement.EnforceStream(server.With(key)))
                {
                    await stream.RequestStream.WriteAsync(new EnforceStreamRequest { Enforce = request });
                    Assert.True(await stream.ResponseStream.MoveNext());
                    return stream.ResponseStream.Current.Response ?? throw ToException(stream.ResponseStream.Current.Error);
                }
        }
    }

    private static RpcException ToException(Google.Rpc.Status error) => new(new Status((StatusCode)error.Code, error.Message));
}
