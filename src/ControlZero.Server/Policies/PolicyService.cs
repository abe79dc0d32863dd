using System.Text;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Requests;
using ControlZero.Grains.Policies;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Policies.Replay;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tenants;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Policies;

/// <summary>Checks, publishes and shows the policies of the caller's tenant.</summary>
internal sealed partial class PolicyService(IGrainFactory grains, PolicyTrial trial, PolicyReplay replay, PolicyDocuments documents)
    : Protocol.V1.PolicyService.PolicyServiceBase
{
    [RequiresScope(Scopes.PolicyRead)]
    public override Task<ValidatePolicyResponse> ValidatePolicy(ValidatePolicyRequest request, ServerCallContext context)
    {
        var parsed = PolicyParser.Parse(Sized(request.Document));
        return Task.FromResult(new ValidatePolicyResponse
        {
            Valid = parsed.IsValid,
            Diagnostics = { parsed.Diagnostics.Select(finding => finding.ToMessage(0)) },
        });
    }

    [RequiresScope(Scopes.PolicyWrite)]
    public override async Task<PublishPolicyResponse> PublishPolicy(PublishPolicyRequest request, ServerCallContext context)
    {
        var (outcome, findings) = await PublishAsync(
            context.GetCaller(), Sized(request.Document), request.HasExpectedVersion ? request.ExpectedVersion : null);
        return new PublishPolicyResponse
        {
            Policy = outcome.Entry!.ToMessage(),
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == PublishStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement?.ToMessage(),
            Diagnostics = { findings },
        };
    }

    /// <summary>Publishes a document. It is in force when this returns.</summary>
    /// <exception cref="RpcException">It is not.</exception>
    private async Task<(PublishOutcome Outcome, IEnumerable<Diagnostic> Findings)> PublishAsync(ClientIdentity caller, string text, long? expectedVersion)
    {
        var parsed = documents.Read(text);
        if (parsed.Document is not { } document)
        {
            throw RpcErrors.PolicyInvalid(parsed.Diagnostics).ToRpcException();
        }

        if (expectedVersion < 0)
        {
            throw RpcErrors.InvalidFields([new FieldFault(
                "expected_version", "NUMBER_RANGE", "expected_version is below 0", "send the version in force, or 0 for none", 0)]).ToRpcException();
        }

        var outcome = await Tenant(caller).PublishPolicyAsync(
            new PolicyPublication
            {
                Tenant = caller.Tenant,
                Name = PolicyName.Parse(document.Name),
                Document = text,
                ExpectedVersion = expectedVersion,
                PublishedBy = caller.Key.Id.Value,
            },
            CancellationToken.None);
        return outcome.Status switch
        {
            PublishStatus.Published or PublishStatus.Unchanged => (outcome, parsed.Diagnostics.Select(finding => finding.ToMessage(0))),
            PublishStatus.VersionConflict => throw RpcErrors
                .VersionConflict("policy", document.Name, expectedVersion ?? 0, outcome.Entry?.Version ?? 0).ToRpcException(),
            PublishStatus.TooManyPolicies => throw RpcErrors.Full("TENANT_MAX_POLICIES", "policies", Limits.TenantMaxPolicies).ToRpcException(),
            PublishStatus.TooManyPolicyBytes => throw RpcErrors
                .Full("TENANT_MAX_POLICY_BYTES", "bytes of enabled policies", Limits.TenantMaxPolicyBytes).ToRpcException(),
            PublishStatus.TooManyPolicyValues => throw RpcErrors
                .Full("TENANT_MAX_POLICY_VALUES", "values in enabled policies", Limits.TenantMaxPolicyValues).ToRpcException(),
            PublishStatus.TooManyLimits => throw RpcErrors
                .Full("TENANT_MAX_LIMITS", "limits in enabled policies", Limits.TenantMaxLimits).ToRpcException(),
            _ => throw new InvalidOperationException($"publish ended as {outcome.Status}"),
        };
    }

    [RequiresScope(Scopes.PolicyRead)]
    public override async Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var entry = PolicyName.TryParse(request.Name, out var name) ? (await ManifestAsync(caller, context)).Find(name) : null;
        if (entry is null)
        {
            throw NoPolicy(request.Name);
        }

        var number = request.Version == 0 ? entry.Version : request.Version;
        var version = await grains.GetGrain<IPolicyGrain>(GrainKeys.Of(caller.Tenant, name))
            .GetVersionAsync(number, context.CancellationToken)
            ?? throw RpcErrors.NotFound("POLICY_VERSION_NOT_FOUND", "such version of policy", request.Name).ToRpcException();
        return new GetPolicyResponse
        {
            Policy = Describe(name, version),
            Document = version.Document,
            VersionInForce = entry.Version,
        };
    }

    [RequiresScope(Scopes.PolicyRead)]
    public override async Task<ListPoliciesResponse> ListPolicies(ListPoliciesRequest request, ServerCallContext context)
    {
        var manifest = await ManifestAsync(context.GetCaller(), context);
        var page = PolicyPage.Read(request, manifest);
        return new ListPoliciesResponse
        {
            Policies = { page.Entries.Select(entry => entry.ToMessage()) },
            NextPageToken = page.NextToken,
            PolicyEpoch = manifest.Epoch,
        };
    }

    [RequiresScope(Scopes.PolicyRead)]
    public override Task<TestPolicyResponse> TestPolicy(TestPolicyRequest request, ServerCallContext context) =>
        Task.FromResult(trial.Run(request, context.GetCaller()));

    private static RpcException NoPolicy(string name) => (name.Length == 0
        ? RpcErrors.Missing("name", "name a policy; ListPolicies shows them")
        : RpcErrors.NotFound("POLICY_NOT_FOUND", "policy", name)).ToRpcException();

    private static PolicyVersion Describe(PolicyName name, StoredPolicyVersion version)
    {
        var document = PolicyParser.Parse(version.Document).Document;
        return new PolicyVersion
        {
            Name = name.Value,
            Version = version.Version,
            Description = document?.Description ?? "",
            Priority = document?.Priority ?? 0,
            Enabled = document?.Enabled ?? false,
            Mode = (document?.Mode ?? PolicyMode.Enforce).ToWord(),
            RuleCount = document?.Rules.Length ?? 0,
            Digest = version.Digest,
            PublishedAt = version.PublishedAt.ToTimestamp(),
            PublishedBy = version.PublishedBy,
        };
    }

    private static string Sized(string document)
    {
        if (document.Length == 0)
        {
            throw RpcErrors.InvalidFields([new FieldFault(
                "document", FaultCodes.FieldRequired, "document is missing or empty", "send a policy as JSON or YAML text")]).ToRpcException();
        }

        var size = Encoding.UTF8.GetByteCount(document);
        return size <= Limits.PolicyMaxBytes
            ? document
            : throw RpcErrors.InvalidFields([new FieldFault(
                "document",
                "POLICY_TOO_LARGE",
                $"document has {size} bytes, {Limits.PolicyMaxBytes} are allowed",
                "split it into several policies",
                Limits.PolicyMaxBytes,
                size)]).ToRpcException();
    }

    private ITenantGrain Tenant(ClientIdentity caller) => grains.GetGrain<ITenantGrain>(GrainKeys.Of(caller.Tenant));

    private async Task<TenantManifest> ManifestAsync(ClientIdentity caller, ServerCallContext context) =>
        await Tenant(caller).GetManifestAsync(context.CancellationToken)
            ?? throw new InvalidOperationException($"a key of tenant `{caller.Tenant}` works, but the tenant does not exist");
}
