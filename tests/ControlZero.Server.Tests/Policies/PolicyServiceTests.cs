using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Policies;

[Collection(RunningServerCollection.Name)]
public sealed class PolicyServiceTests(RunningServer server)
{
    private const string Document = """{ "name": "p", "description": "d", "priority": 7, "rules": [ { "allow": "*" } ] }""";

    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);

    [Fact]
    public async Task Publish_ThenGet_GivesTheDocumentByteForByte()
    {
        var (_, key) = await server.NewTenantAsync();
        var published = await PublishAsync(key, Document);

        var found = await _policies.GetPolicyAsync(new GetPolicyRequest { Name = "p" }, server.With(key));

        Assert.Equal(Document, found.Document);
        Assert.Equal(published.Policy, found.Policy);
        Assert.Equal((1L, 7, 1, "d"), (found.VersionInForce, found.Policy.Priority, found.Policy.RuleCount, found.Policy.Description));
        Assert.Equal(12, found.Policy.PublishedBy.Length);
    }

    [Fact]
    public async Task Publish_Again_KeepsTheOldVersionReadable()
    {
        var (_, key) = await server.NewTenantAsync();
        await PublishAsync(key, Document);
        var second = await PublishAsync(key, Document.Replace("\"d\"", "\"e\"", StringComparison.Ordinal));

        var old = await _policies.GetPolicyAsync(new GetPolicyRequest { Name = "p", Version = 1 }, server.With(key));

        Assert.Equal((2L, 2UL, false), (second.Policy.Version, second.PolicyEpoch, second.Unchanged));
        Assert.Equal((Document, 1L, 2L), (old.Document, old.Policy.Version, old.VersionInForce));
    }

    [Fact]
    public async Task Publish_TheSameDocument_IsUnchanged()
    {
        var (_, key) = await server.NewTenantAsync();
        await PublishAsync(key, Document);

        var again = await PublishAsync(key, Document);

        Assert.Equal((true, 1L, 1UL), (again.Unchanged, again.Policy.Version, again.PolicyEpoch));
    }

    [Fact]
    public async Task Publish_OverAnotherVersionThanExpected_IsAborted()
    {
        var (_, key) = await server.NewTenantAsync();
        await PublishAsync(key, Document);

        var error = await RpcAssert.FailsAsync(
            StatusCode.Aborted,
            "VERSION_CONFLICT",
            _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Document + " ", ExpectedVersion = 0 }, server.With(key)));

        Assert.Equal(("0", "1"), (error.Metadata["expected"], error.Metadata["current"]));
    }

    [Fact]
    public async Task Publish_ARefusedDocument_CarriesEveryFindingAndStoresNothing()
    {
        var (_, key) = await server.NewTenantAsync();
        var call = _policies.PublishPolicyAsync(
            new PublishPolicyRequest
            {
                Document = """
                    name: p
                    rules:
                      - efect: allow
                        action: "llm.*"
                      - deny: "[a"
                    """,
            },
            server.With(key));

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        var status = failure.GetRpcStatus()!;
        Assert.Equal("POLICY_INVALID", status.GetDetail<ErrorInfo>().Reason);
        var findings = status.GetDetail<PolicyFindings>().Diagnostics;
        Assert.Contains(findings, finding => finding is { Code: "UNKNOWN_FIELD", Line: 3, Column: 5 } && finding.Remedy.Contains("effect", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding is { Code: "PATTERN_SYNTAX", Line: 5 });
        Assert.Equal(findings.Count(finding => finding.Severity == Severity.Error), status.GetDetail<BadRequest>().FieldViolations.Count);
        Assert.Empty((await _policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key))).Policies);
    }

    [Fact]
    public async Task Publish_InShadow_IsListedVersionedAndRolledBackLikeAnyOther()
    {
        var (_, key) = await server.NewTenantAsync();
        const string Enforced = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
        const string Shadow = """
            { "name": "p", "mode": "shadow", "rules": [ { "allow": "*" } ],
              "limits": [ { "name": "l", "metric": "requests", "limit": 1, "window": "1m" } ] }
            """;

        await PublishAsync(key, Enforced);
        var published = await PublishAsync(key, Shadow);

        Assert.Equal(("shadow", 2L, true), (published.Policy.Mode, published.Policy.Version, published.Policy.Enabled));
        var warning = Assert.Single(published.Diagnostics);
        Assert.Equal(("LIMIT_IN_SHADOW", Severity.Warning), (warning.Code, warning.Severity));
        Assert.Equal("shadow", Assert.Single((await _policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key))).Policies).Mode);
        var versions = await _policies.ListPolicyVersionsAsync(new ListPolicyVersionsRequest { Name = "p" }, server.With(key));
        Assert.Equal([(2L, "shadow"), (1L, "enforce")], versions.Versions.Select(version => (version.Version, version.Mode)));
        var back = await _policies.RollbackPolicyAsync(new RollbackPolicyRequest { Name = "p", Version = 1 }, server.With(key));
        Assert.Equal("enforce", back.Policy.Mode);
    }

    [Fact]
    public async Task Publish_OneByteOverTheLimit_IsRefusedWithTheLimit()
    {
        var (_, key) = await server.NewTenantAsync();

        var error = await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument,
            "POLICY_TOO_LARGE",
            _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Document.PadRight((256 * 1024) + 1) }, server.With(key)));

        Assert.Equal(("262144", "262145"), (error.Metadata["limit"], error.Metadata["actual"]));
        await PublishAsync(key, Document.PadRight(256 * 1024));
    }

    [Fact]
    public async Task Validate_ADocument_AnswersWithFindingsAndStoresNothing()
    {
        var (_, key) = await server.NewTenantAsync();

        var good = await _policies.ValidatePolicyAsync(new ValidatePolicyRequest { Document = Document }, server.With(key));
        var bad = await _policies.ValidatePolicyAsync(new ValidatePolicyRequest { Document = """{ "name": "p", "rules": [] }""" }, server.With(key));

        Assert.True(good.Valid);
        Assert.False(bad.Valid);
        Assert.Contains(bad.Diagnostics, finding => finding.Severity == Severity.Error);
        Assert.Empty((await _policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key))).Policies);
    }

    [Fact]
    public async Task Get_WhatIsNotThereAndWhatIsAnotherTenants_ReadTheSame()
    {
        var (_, mine) = await server.NewTenantAsync();
        var (_, theirs) = await server.NewTenantAsync();
        await PublishAsync(theirs, Document);

        var another = await ErrorAsync(_policies.GetPolicyAsync(new GetPolicyRequest { Name = "p" }, server.With(mine)));
        var missing = await ErrorAsync(_policies.GetPolicyAsync(new GetPolicyRequest { Name = "q" }, server.With(mine)));

        Assert.Equal(another.Replace("`p`", "`q`", StringComparison.Ordinal).Replace("\"p\"", "\"q\"", StringComparison.Ordinal), missing);
    }

    [Fact]
    public async Task Get_AVersionThatIsNotThere_IsNotFound()
    {
        var (_, key) = await server.NewTenantAsync();
        await PublishAsync(key, Document);

        await RpcAssert.FailsAsync(
            StatusCode.NotFound,
            "POLICY_VERSION_NOT_FOUND",
            _policies.GetPolicyAsync(new GetPolicyRequest { Name = "p", Version = 2 }, server.With(key)));
    }

    [Fact]
    public async Task List_InPages_ShowsEachPolicyOnceInEvaluationOrder()
    {
        var (_, key) = await server.NewTenantAsync();
        var priorities = new[] { 100, 5, 100, -3, 100, 5, 7 };
        for (var number = 0; number < priorities.Length; number++)
        {
            await PublishAsync(key, $$"""{ "name": "p{{number}}", "priority": {{priorities[number]}}, "rules": [ { "allow": "*" } ] }""");
        }

        var shown = new List<string>();
        var token = "";
        do
        {
            var page = await _policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = 2, PageToken = token }, server.With(key));
            Assert.InRange(page.Policies.Count, 1, 2);
            shown.AddRange(page.Policies.Select(policy => policy.Name));
            token = page.NextPageToken;
        }
        while (token.Length > 0);

        Assert.Equal(["p3", "p1", "p5", "p6", "p0", "p2", "p4"], shown);
    }

    [Fact]
    public async Task List_WithATokenOfAnotherTenantOrABadPageSize_IsRefused()
    {
        var (_, mine) = await server.NewTenantAsync();
        var (_, theirs) = await server.NewTenantAsync();
        await PublishAsync(theirs, Document);
        await PublishAsync(theirs, Document.Replace("\"p\"", "\"q\"", StringComparison.Ordinal));
        var token = (await _policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = 1 }, server.With(theirs))).NextPageToken;

        foreach (var bad in new[] { token, "x", "%%%", "AAAAAAAAAAAAAAAAAAAAAAAA" })
        {
            await RpcAssert.RefusesAsync(
                _policies.ListPoliciesAsync(new ListPoliciesRequest { PageToken = bad }, server.With(mine)), ("page_token", "PAGE_TOKEN_INVALID"));
        }

        await RpcAssert.RefusesAsync(
            _policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = -1 }, server.With(mine)), ("page_size", "PAGE_SIZE_RANGE"));
    }

    private static async Task<string> ErrorAsync<T>(AsyncUnaryCall<T> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        return $"{failure.Status} {failure.GetRpcStatus()!.GetDetail<ErrorInfo>()}";
    }

    private async Task<PublishPolicyResponse> PublishAsync(string key, string document) =>
        await _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document }, server.With(key));
}
