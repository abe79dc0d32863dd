using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;
using ControlZero.Server.Policies.Replay;
using ControlZero.Server.Tests.Authentication;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Policies;

/// <summary>How many replays a server runs at a time, and whose.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class ReplayPlacesTests(RunningServer server)
{
    private const string InForce = """{"name":"p","rules":[{"id":"a","effect":"allow","action":"use","resource":"r/a"},{"id":"b","effect":"allow","action":"use","resource":"r/b"}]}""";
    private const string Draft = """{"name":"p","rules":[{"id":"b2","effect":"allow","action":"use","resource":"r/b"},{"id":"c","effect":"allow","action":"use","resource":"r/c"}]}""";

    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);

    [Fact]
    public async Task Replay_WhileTheTenantHasOneUnderWay_IsBusy_AndAnotherTenantsIsNot()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce);
        var (tenant, other) = await server.NewTenantAsync();
        var held = new HeldWriter();
        var question = ReplayQuestion.Read(new ReplayPolicyRequest(), PolicyParser.Parse(Draft));
        var underWay = server.Services.GetRequiredService<PolicyReplay>().RunAsync(question, Callers.Of(tenant), held, CancellationToken.None);

        var busy = await Assert.ThrowsAsync<RpcException>(() => ReplayAsync(other, Draft));
        Assert.Equal((StatusCode.ResourceExhausted, "REPLAY_BUSY"), (busy.StatusCode, busy.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason));
        Assert.True((await ReplayAsync(key, Draft)).Done);
        held.Gate.SetResult();
        await underWay;

        Assert.True((await ReplayAsync(other, Draft)).Done);
    }

    [Fact]
    public async Task Replay_OfAKeyThatIsBoundToAgents_KeepsNobodyFromReplayingAllOfThem()
    {
        var (tenant, key) = await server.NewTenantWithAsync(InForce);
        var (another, other) = await server.NewTenantWithAsync(InForce);
        var (third, _) = await server.NewTenantWithAsync(InForce);
        var replay = server.Services.GetRequiredService<PolicyReplay>();
        var question = ReplayQuestion.Read(new ReplayPolicyRequest(), PolicyParser.Parse(Draft));
        var held = new HeldWriter();
        Task Run(string of) => replay.RunAsync(question, Callers.Of(of, "bot"), held, CancellationToken.None);
        var underWay = new[] { Run(tenant), Run(another) };

        // Not a second of one tenant, and no more than two of any.
        await Assert.ThrowsAsync<RpcException>(() => Run(tenant));
        await Assert.ThrowsAsync<RpcException>(() => Run(third));
        Assert.True((await ReplayAsync(key, Draft)).Done);
        Assert.True((await ReplayAsync(other, Draft)).Done);
        held.Gate.SetResult();
        await Task.WhenAll(underWay);
        await Run(third);
    }

    private async Task<ReplayPolicyResponse> ReplayAsync(string key, string document)
    {
        using var call = _policies.ReplayPolicy(new ReplayPolicyRequest { Document = document }, server.With(key));
        return await call.ResponseStream.ReadAllAsync().LastAsync();
    }

    /// <summary>A caller who does not read.</summary>
    private sealed class HeldWriter : IServerStreamWriter<ReplayPolicyResponse>
    {
        public TaskCompletionSource Gate { get; } = new();

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(ReplayPolicyResponse message) => Gate.Task;

        public Task WriteAsync(ReplayPolicyResponse message, CancellationToken cancellationToken) => Gate.Task;
    }
}
