using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tenants;
using Grpc.Core;
using Suspension = ControlZero.Abstractions.Tenants.Suspension;

namespace ControlZero.Server.Models;

/// <summary>Stops models for the caller's tenant.</summary>
internal sealed class ModelService(IGrainFactory grains) : Protocol.V1.ModelService.ModelServiceBase
{
    private const int MostPatternsNamed = 100;

    [RequiresScope(Scopes.PolicyWrite)]
    public override async Task<SuspendModelResponse> SuspendModel(SuspendModelRequest request, ServerCallContext context)
    {
        FieldFault?[] faults = [RequestSyntax.CheckModelPattern(request.Model), SuspensionMapping.CheckReason(request.Reason)];
        if (faults.OfType<FieldFault>().ToList() is { Count: > 0 } found)
        {
            throw RpcErrors.InvalidFields(found).ToRpcException();
        }

        var caller = context.GetCaller();
        var command = new SuspendCommand(SuspensionTarget.Model, request.Model, request.Reason, caller.Key.Id.Value);
        var outcome = (await Tenant(caller).SuspendAsync(command, CancellationToken.None)).OrThrow(caller.Tenant);
        return new SuspendModelResponse
        {
            Suspension = outcome.Suspension!.ToMessage(),
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == SuspensionStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement!.ToMessage(),
        };
    }

    [RequiresScope(Scopes.PolicyWrite)]
    public override async Task<ResumeModelResponse> ResumeModel(ResumeModelRequest request, ServerCallContext context)
    {
        if (RequestSyntax.CheckModelPattern(request.Model) is { } fault)
        {
            throw RpcErrors.InvalidFields([fault]).ToRpcException();
        }

        var caller = context.GetCaller();
        var outcome = (await Tenant(caller).ResumeAsync(SuspensionTarget.Model, request.Model, CancellationToken.None)).OrThrow(caller.Tenant);
        return new ResumeModelResponse
        {
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == SuspensionStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement!.ToMessage(),
            StillSuspendedBy = { StopsStill(request.Model, await ManifestAsync(caller, context)) },
        };
    }

    [RequiresScope(Scopes.PolicyRead)]
    public override async Task<ListSuspendedModelsResponse> ListSuspendedModels(ListSuspendedModelsRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var page = PageRequest.Read(request.PageSize, request.PageToken, $"suspended-models\n{caller.Tenant}");
        var manifest = await ManifestAsync(caller, context);
        var (shown, next) = page.Cut(
            Models(manifest)
                .OrderBy(suspension => suspension.Subject, StringComparer.Ordinal)
                .SkipWhile(suspension => page.After is { } after && string.CompareOrdinal(suspension.Subject, after) <= 0),
            suspension => suspension.Subject);
        return new ListSuspendedModelsResponse
        {
            Models = { shown.Select(suspension => new SuspendedModel { Model = suspension.Subject, Suspension = suspension.ToMessage() }) },
            NextPageToken = next,
            PolicyEpoch = manifest.Epoch,
        };
    }

    private static IEnumerable<Suspension> Models(TenantManifest manifest) =>
        manifest.Suspensions.Where(suspension => suspension.Target == SuspensionTarget.Model);

    // Whoever lifts one switch should not have to find out from his agents that another one is still down.
    private static IEnumerable<string> StopsStill(string model, TenantManifest manifest) => RequestSyntax.CheckResource(model) is not null
        ? []
        : Models(manifest)
            .Select(suspension => suspension.Subject)
            .Where(pattern => SuspendedModels.Create([(pattern, "")])!.Stops(model))
            .Order(StringComparer.Ordinal)
            .Take(MostPatternsNamed);

    private ITenantGrain Tenant(ClientIdentity caller) => grains.GetGrain<ITenantGrain>(GrainKeys.Of(caller.Tenant));

    private async Task<TenantManifest> ManifestAsync(ClientIdentity caller, ServerCallContext context) =>
        await Tenant(caller).GetManifestAsync(context.CancellationToken)
            ?? throw new InvalidOperationException($"a key of tenant `{caller.Tenant}` works, but the tenant does not exist");
}
