using ControlZero.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group H: policies.</summary>
internal static class PolicyRows
{
    private const string Rules = "rules: [{allow: a}]\n";

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["H02"] = new(target => target.RefusedAsync(
            Publish(target, $"name: p\n{Rules}#".PadRight((256 * 1024) + 1, 'x')), "document", "POLICY_TOO_LARGE", 262_144, 262_145)),
        ["H03"] = new(target => target.FailsAsync(Publish(target, new string('x', 10 << 20)), StatusCode.ResourceExhausted, null)),
        ["H06"] = Refused("YAML_ALIAS_FORBIDDEN", BillionLaughs()),
        ["H08"] = Refused("YAML_DUPLICATE_KEY", $"name: p\n{Rules}{Rules}"),
        ["H09"] = Refused("FIELD_TYPE", "name: p\nrules: [{deny: no}]", $"version: 1.0\nname: p\n{Rules}", "name: p\nrules: [{deny: on}]"),
        ["H12"] = Refused("YAML_MULTI_DOC", $"name: p\n{Rules}---\nname: q\n{Rules}"),
        ["H15"] = Refused("UNKNOWN_FIELD", "name: p\nrules: [{allow: a, denny: x}]"),
        ["H16"] = Refused("RULE_EFFECT_UNKNOWN", "name: p\nrules: [{effect: maybe, action: a}]"),
        ["H17"] = Refused("PATTERN_SYNTAX", "name: p\nrules: [{deny: '[abc'}]"),
        ["H26"] = new(ShadowedAsync, "design.md section 3: a deny ignores letter case, so it is DENY_AFTER_CATCH_ALL, and with an allow RULE_UNREACHABLE"),
        ["H30"] = new(
            async target =>
            {
                var status = await target.FailsAsync(
                    target.Policies.PublishPolicyAsync(
                        new PublishPolicyRequest { Document = $"name: openrouter-model-policy\n{Rules}", ExpectedVersion = 7 }, target.Headers),
                    StatusCode.Aborted,
                    "VERSION_CONFLICT");
                Assert.Equal("1", status!.GetDetail<ErrorInfo>().Metadata["current"]);
            },
            "design.md section 5: writes carry `expected_version`; a conflict is VERSION_CONFLICT with the current version"),
        ["H31"] = new(async target =>
        {
            var current = await target.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "openrouter-model-policy" }, target.Headers);
            Assert.True((await target.PublishAsync(current.Document)).Unchanged);
        }),
        ["H32"] = new(LockOutAsync),
    };

    /// <summary>Publishing is refused with that finding, validating gives the same, and neither is an error of the server's.</summary>
    public static async Task RefusedAsync(HostileTarget target, string document, string code)
    {
        var status = await target.FailsAsync(Publish(target, document), StatusCode.InvalidArgument, "POLICY_INVALID");
        var findings = status!.GetDetail<PolicyFindings>().Diagnostics;
        Assert.Contains(code, findings.Select(finding => finding.Code));
        Assert.All(findings, finding => Assert.True(finding.Line > 0 && finding.Column > 0 && finding.Message.Length > 0 && finding.Remedy.Length > 0, finding.ToString()));
        Assert.Contains(code, status.GetDetail<BadRequest>().FieldViolations.Select(violation => violation.Reason));
        Assert.Contains(code, status.GetDetail<ErrorInfo>().Metadata["codes"].Split(','));
        target.Failures.Add((StatusCode.InvalidArgument, code));

        var validated = await target.Policies.ValidatePolicyAsync(new ValidatePolicyRequest { Document = document }, target.Headers);

        Assert.False(validated.Valid);
        Assert.Equal(findings, validated.Diagnostics);
    }

    private static RowRun Refused(string code, params string[] documents) => new(async target =>
    {
        foreach (var document in documents)
        {
            await RefusedAsync(target, document, code);
        }
    });

    private static AsyncUnaryCall<PublishPolicyResponse> Publish(HostileTarget target, string document) =>
        target.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document }, target.Headers);

    private static async Task ShadowedAsync(HostileTarget target)
    {
        foreach (var (rule, code) in new[] { ("allow", "RULE_UNREACHABLE"), ("deny", "DENY_AFTER_CATCH_ALL") })
        {
            var validated = await target.Policies.ValidatePolicyAsync(
                new ValidatePolicyRequest { Document = $"name: p\nrules: [{{allow: '*'}}, {{{rule}: 'delete_*'}}]" }, target.Headers);
            Assert.True(validated.Valid);
            Assert.Contains(validated.Diagnostics, finding => finding.Severity == Severity.Warning && finding.Code == code);
        }
    }

    private static async Task LockOutAsync(HostileTarget target)
    {
        var current = await target.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "openrouter-model-policy" }, target.Headers);
        var (_, other) = await target.Server.NewTenantAsync();
        var headers = target.Server.With(other);
        await target.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = "name: all\nrules: [{deny: '*'}]" }, headers);

        await target.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = current.Document }, headers);
        await target.Policies.PublishPolicyAsync(
            new PublishPolicyRequest { Document = "name: all\nenabled: false\nrules: [{deny: '*'}]" }, headers);

        Assert.Equal(Protocol.V1.Decision.Allow, (await target.Enforcement.EnforceAsync(HostileTarget.Ask(), headers)).Decision);
    }

    private static string BillionLaughs() => string.Concat(
        "a0: &a0 [lol]\n",
        string.Concat(Enumerable.Range(1, 8).Select(level => $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n")),
        "name: p\nrules: [{allow: *a8}]\n");
}
