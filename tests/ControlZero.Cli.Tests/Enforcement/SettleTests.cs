using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Enforcement;

public sealed class SettleTests : CliTest
{
    [Fact]
    public async Task Settle_Figures_AreSentAndTheRestIsLeftOut()
    {
        Cluster.On<SettleRequest>(_ => new SettleResponse { Limits = { Rpm() } });

        var run = await RunAsync("settle", "token-1", "--agent", "agent-1", "--input-tokens", "0", "--output-tokens", "70", "--cost", "0.5", "--response-model", "model/x");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal("p/rpm agent 1m     7    [##..................]  12% 60 53", run.Lines[1]);
        var asked = Cluster.Received<SettleRequest>().Single();
        Assert.Equal(("token-1", "agent-1", "model/x"), (asked.Token, asked.AgentId, asked.ResponseModel));
        Assert.Equal(new Usage { InputTokens = 0, OutputTokens = 70, CostNanosUsd = 500_000_000 }, asked.Usage);
    }

    [Fact]
    public async Task Settle_WhatWasUnusual_IsSaid()
    {
        Cluster.On<SettleRequest>(_ => new SettleResponse { Late = true, Replayed = true, Overrun = true, ModelDrift = true });

        var run = await RunAsync("settle", "token-1", "--agent", "agent-1");
        var json = await RunAsync("settle", "token-1", "--agent", "agent-1", "--output", "json");

        Assert.Equal(4, run.Error.TrimEnd().Split('\n').Length);
        Assert.All(["late", "replayed", "overrun", "model_drift"], name => Assert.True(json.Json.GetProperty(name).GetBoolean()));
    }

    [Fact]
    public async Task Cancel_GivesBackAndShowsTheLimits()
    {
        Environment["CONTROLZERO_AGENT_ID"] = "agent-2";
        Cluster.On<CancelRequest>(_ => new CancelResponse { Limits = { Rpm() } });

        var run = await RunAsync("cancel", "token-1");

        var asked = Cluster.Received<CancelRequest>().Single();
        Assert.Equal((0, "token-1", "agent-2"), (run.ExitCode, asked.Token, asked.AgentId));
        Assert.StartsWith("p/rpm", run.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settle_UnknownToken_IsExitCode1()
    {
        Cluster.Fail<SettleRequest>(Answers.Error(StatusCode.NotFound, "there is no such reservation"));

        var run = await RunAsync("settle", "token-1", "--agent", "agent-1");

        Assert.Equal((1, "error: there is no such reservation"), (run.ExitCode, run.Error.TrimEnd()));
    }

    private static LimitState Rpm() =>
        new() { Policy = "p", Name = "rpm", Metric = "requests", Per = "agent", Window = "1m", Unit = "requests", Limit = 60, Used = 7, Remaining = 53 };
}
