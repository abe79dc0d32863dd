using System.Text.Json;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Policies;

[Collection(RunningServerCollection.Name)]
public sealed class TestPolicyTests(RunningServer server)
{
    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);

    public static TheoryData<string> Vectors() => [.. PolicyVectors.ReadAll().Select(vector => vector.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_ThroughTheServer_GetsItsAnswer(string name)
    {
        var vector = PolicyVectors.Find(name);
        var expect = vector.GetProperty("expect");

        var answer = await _policies.TestPolicyAsync(ToRequest(vector), server.With());

        if (expect.TryGetProperty("error", out _))
        {
            Assert.Empty(answer.Responses);
            Assert.Contains(answer.Diagnostics, finding => finding.Severity == Severity.Error);
            return;
        }

        var response = Assert.Single(answer.Responses);
        Assert.Equal(
            (expect.GetProperty("effect").GetString(), expect.GetProperty("rule").GetString(), expect.GetProperty("reason_code").GetString()),
            (response.Effect, response.RuleId, response.ReasonCode));
        Assert.Equal(expect.TryGetProperty("policy", out var policy) ? policy.GetString() : "", response.Policy);
        Assert.Equal(expect.TryGetProperty("rule_index", out var index) ? index.GetInt32() : null, response.HasRuleIndex ? response.RuleIndex : (int?)null);
        Assert.Equal(response.Effect == "deny" ? Decision.Deny : Decision.Allow, response.Decision);
    }

    [Fact]
    public async Task Test_SeveralRequests_AnswersEachInOrder()
    {
        var request = new TestPolicyRequest
        {
            Documents = { """{ "name": "p", "rules": [ { "allow": "a:*" } ] }""" },
            Requests = { Ask("a:x"), Ask("b:x"), Ask("a:y") },
        };

        var answer = await _policies.TestPolicyAsync(request, server.With());

        Assert.Equal([Decision.Allow, Decision.Deny, Decision.Allow], answer.Responses.Select(response => response.Decision));
    }

    [Fact]
    public async Task Test_WithARefusedDocument_SaysWhichAndDecidesNothing()
    {
        var request = new TestPolicyRequest
        {
            Documents = { """{ "name": "p", "rules": [ { "allow": "*" } ] }""", """{ "name": "q", "rules": [ { "allow": "[" } ] }""" },
            Requests = { Ask("a:x") },
        };

        var answer = await _policies.TestPolicyAsync(request, server.With());

        Assert.Empty(answer.Responses);
        Assert.Equal(1, Assert.Single(answer.Diagnostics, finding => finding.Severity == Severity.Error).Document);
    }

    [Fact]
    public async Task Test_WithABadRequest_NamesItsPlace()
    {
        var request = new TestPolicyRequest { Requests = { Ask("a:x"), new EnforceRequest { AgentId = "Bot", Action = "a:x" } } };

        await RpcAssert.RefusesAsync(_policies.TestPolicyAsync(request, server.With()), ("requests[1].agent_id", "ID_SYNTAX"));
    }

    [Fact]
    public async Task Test_WithAContextThatClaimsAServersFact_IgnoresItAndSaysSo()
    {
        var ask = Ask("a:x");
        ask.Context = new Struct { Fields = { ["agent_id"] = Value.ForString("admin") } };
        var request = new TestPolicyRequest
        {
            Documents = { """{ "name": "p", "rules": [ { "allow": "*", "when": { "agent_id": "admin" } } ] }""" },
            Requests = { ask },
        };

        var answer = await _policies.TestPolicyAsync(request, server.With());

        Assert.Equal(Decision.Deny, Assert.Single(answer.Responses).Decision);
        Assert.Contains(answer.Diagnostics, finding => finding is { Code: "CONTEXT_RESERVED", Severity: Severity.Warning, Document: -1 });
    }

    [Theory]
    [InlineData("observe")]
    [InlineData("audit")]
    [InlineData("DENY")]
    public async Task Test_WithAnUnknownDefault_IsRefused(string word) => await RpcAssert.RefusesAsync(
        _policies.TestPolicyAsync(new TestPolicyRequest { DefaultOnEmpty = word }, server.With()), ("default_on_empty", "FIELD_VALUE"));

    [Fact]
    public async Task Test_OfMoreRequestsThanTheLimit_IsRefused()
    {
        var request = new TestPolicyRequest { Requests = { Enumerable.Repeat(Ask("a:x"), 1001) } };

        var error = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "TOO_MANY", _policies.TestPolicyAsync(request, server.With()));

        Assert.Equal("1000", error.Metadata["limit"]);
    }

    private static EnforceRequest Ask(string action) => new() { AgentId = "bot", Action = action };

    private static TestPolicyRequest ToRequest(JsonElement vector) => new()
    {
        Documents = { PolicyVectors.Documents(vector) },
        Requests = { PolicyVectors.Request(vector) },
        DefaultOnEmpty = PolicyVectors.DefaultOnEmpty(vector),
    };
}
