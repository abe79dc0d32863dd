using System.Globalization;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tenants;
using Grpc.Core;

namespace ControlZero.Server.Policies;

/// <content>What was in force before, and how to go back to it.</content>
internal sealed partial class PolicyService
{
    // Each is a record of its own in storage.
    private const int MostVersionsOfAPage = 100;

    [RequiresScope(Scopes.PolicyRead)]
    public override async Task<ListPolicyVersionsResponse> ListPolicyVersions(ListPolicyVersionsRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var (name, entry) = await InForceAsync(request.Name, caller, context);
        var page = PageRequest.Read(Math.Min(request.PageSize, MostVersionsOfAPage), request.PageToken, $"versions\n{caller.Tenant}\n{name}");
        var from = page.After is null ? entry.Version
            : long.TryParse(page.After, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last - 1
            : throw PageRequest.BadToken();

        // A number that a failed publish skipped makes a page shorter, never the list.
        var policy = grains.GetGrain<IPolicyGrain>(GrainKeys.Of(caller.Tenant, name));
        var numbers = Enumerable.Range(0, (int)Math.Min(page.Size, Math.Max(0, from))).Select(back => from - back).ToList();
        var versions = await Task.WhenAll(numbers.Select(number => policy.GetVersionAsync(number, context.CancellationToken)));
        return new ListPolicyVersionsResponse
        {
            Versions = { versions.OfType<StoredPolicyVersion>().Select(version => Describe(name, version)) },
            NextPageToken = numbers is [.., > 1 and var oldest] ? page.TokenOf(oldest.ToString(CultureInfo.InvariantCulture)) : "",
            VersionInForce = entry.Version,
        };
    }

    [RequiresScope(Scopes.PolicyWrite)]
    public override async Task<RollbackPolicyResponse> RollbackPolicy(RollbackPolicyRequest request, ServerCallContext context)
    {
        if (request.Version < 1)
        {
            throw RpcErrors.InvalidFields([new FieldFault(
                "version", "NUMBER_RANGE", "version is missing or below 1", "send the version to go back to; ListPolicyVersions shows them", 1)]).ToRpcException();
        }

        var caller = context.GetCaller();
        var (name, _) = await InForceAsync(request.Name, caller, context);
        var version = await grains.GetGrain<IPolicyGrain>(GrainKeys.Of(caller.Tenant, name)).GetVersionAsync(request.Version, context.CancellationToken)
            ?? throw RpcErrors.NotFound("POLICY_VERSION_NOT_FOUND", "such version of policy", request.Name).ToRpcException();
        var (outcome, findings) = await PublishAsync(caller, version.Document, request.HasExpectedVersion ? request.ExpectedVersion : null);
        return new RollbackPolicyResponse
        {
            Policy = outcome.Entry!.ToMessage(),
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == PublishStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement?.ToMessage(),
            Diagnostics = { findings },
        };
    }

    [RequiresScope(Scopes.PolicyWrite)]
    public override async Task<DeletePolicyResponse> DeletePolicy(DeletePolicyRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var outcome = PolicyName.TryParse(request.Name, out var name)
            ? await Tenant(caller).DeletePolicyAsync(
                new DeletePolicyCommand(name, request.HasExpectedVersion ? request.ExpectedVersion : null), CancellationToken.None)
            : new PublishOutcome(PublishStatus.PolicyUnknown, null, 0);
        return outcome.Status switch
        {
            PublishStatus.Deleted => new DeletePolicyResponse { PolicyEpoch = outcome.Epoch, Acknowledgement = outcome.Acknowledgement!.ToMessage() },
            PublishStatus.PolicyUnknown => throw NoPolicy(request.Name),
            PublishStatus.VersionConflict => throw RpcErrors
                .VersionConflict("policy", request.Name, request.ExpectedVersion, outcome.Entry?.Version ?? 0).ToRpcException(),
            _ => throw new InvalidOperationException($"a deletion ended as {outcome.Status}"),
        };
    }

    private async Task<(PolicyName Name, PolicyEntry Entry)> InForceAsync(string text, ClientIdentity caller, ServerCallContext context) =>
        PolicyName.TryParse(text, out var name) && (await ManifestAsync(caller, context)).Find(name) is { } entry
            ? (name, entry)
            : throw NoPolicy(text);
}
