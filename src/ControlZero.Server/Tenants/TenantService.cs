using System.Globalization;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Requests;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Tenants;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace ControlZero.Server.Tenants;

/// <summary>Manages tenants, and the keys of the caller's own.</summary>
internal sealed class TenantService(
    IGrainFactory grains,
    StoredRecords stored,
    StoredLists lists,
    IOptions<TenancyOptions> tenancy,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Protocol.V1.TenantService.TenantServiceBase
{
    [RequiresScope(Scopes.ClusterAdmin)]
    public override async Task<CreateTenantResponse> CreateTenant(CreateTenantRequest request, ServerCallContext context)
    {
        var settings = TenantMapping.ReadSettings(request);
        var tenant = ReadTenant(request.TenantId);
        var key = ApiKey.Generate(settings.Test);
        var record = KeyIssue.FirstOf(tenant, key, context.GetCaller().Key.Id.Value, clock.GetUtcNow());
        if (!await Grain(tenant).CreateAsync(settings, record, CancellationToken.None))
        {
            throw (await Grain(tenant).GetManifestAsync(context.CancellationToken) is null
                ? RpcErrors.NoTenantLeft(tenancy.Value.Max)
                : RpcErrors.AlreadyExists("TENANT_EXISTS", "tenant", tenant.Value)).ToRpcException();
        }

        return new CreateTenantResponse
        {
            Tenant = await FindAsync(tenant, context),
            Key = key.Text,
            KeyInfo = record.ToMessage(),
        };
    }

    [RequiresScope(Scopes.ClusterAdmin)]
    public override async Task<GetTenantResponse> GetTenant(GetTenantRequest request, ServerCallContext context) =>
        new() { Tenant = await FindAsync(ReadTenant(request.TenantId), context) };

    [RequiresScope(Scopes.ClusterAdmin)]
    public override async Task<ListTenantsResponse> ListTenants(ListTenantsRequest request, ServerCallContext context)
    {
        var page = PageRequest.Read(request.PageSize, request.PageToken, "tenants");
        var after = page.After is null ? (TenantId?)null : TenantId.TryParse(page.After, out var last) ? last : throw PageRequest.BadToken();
        var ids = await lists.TenantsAsync(after, page.Size + 1, context.CancellationToken);
        var (shown, next) = page.Cut(ids, id => id.Value);

        // Not the manifests: of as many as a page shows they may be large.
        var tenants = await RecordReads.ReadAllAsync(
            shown, async (id, cancellation) => (await stored.ReadManifestAsync(id, cancellation))?.ToMessage(), context.CancellationToken);
        return new ListTenantsResponse { Tenants = { tenants }, NextPageToken = next };
    }

    [RequiresScope(Scopes.ClusterAdmin)]
    public override async Task<SuspendTenantResponse> SuspendTenant(SuspendTenantRequest request, ServerCallContext context)
    {
        var tenant = ReadTenant(request.TenantId);
        if (SuspensionMapping.CheckReason(request.Reason) is { } fault)
        {
            throw RpcErrors.InvalidFields([fault]).ToRpcException();
        }

        var command = new SuspendCommand(SuspensionTarget.Tenant, "", request.Reason, context.GetCaller().Key.Id.Value);
        var outcome = (await Grain(tenant).SuspendAsync(command, CancellationToken.None)).OrThrow(tenant);
        return new SuspendTenantResponse
        {
            Suspension = outcome.Suspension!.ToMessage(),
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == SuspensionStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement!.ToMessage(),
        };
    }

    [RequiresScope(Scopes.ClusterAdmin)]
    public override async Task<ResumeTenantResponse> ResumeTenant(ResumeTenantRequest request, ServerCallContext context)
    {
        var tenant = ReadTenant(request.TenantId);
        var outcome = (await Grain(tenant).ResumeAsync(SuspensionTarget.Tenant, "", CancellationToken.None)).OrThrow(tenant);
        return new ResumeTenantResponse
        {
            PolicyEpoch = outcome.Epoch,
            Unchanged = outcome.Status == SuspensionStatus.Unchanged,
            Acknowledgement = outcome.Acknowledgement!.ToMessage(),
        };
    }

    [RequiresScope(Scopes.Admin)]
    public override async Task<CreateKeyResponse> CreateKey(CreateKeyRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var tenant = Grain(caller.Tenant);
        var manifest = await tenant.GetManifestAsync(context.CancellationToken)
            ?? throw new InvalidOperationException($"a key of tenant `{caller.Tenant}` works, but the tenant does not exist");
        var key = ApiKey.Generate(manifest.Settings.Test);
        var record = KeyIssue.Read(request, caller, key, clock.GetUtcNow());
        await tenant.AddKeyAsync(record, CancellationToken.None);
        return new CreateKeyResponse { Key = key.Text, KeyInfo = record.ToMessage() };
    }

    [RequiresScope(Scopes.Admin)]
    public override async Task<ListKeysResponse> ListKeys(ListKeysRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        var page = PageRequest.Read(request.PageSize, request.PageToken, $"keys\n{caller.Tenant}");
        var ids = await Grain(caller.Tenant).GetKeysAsync(context.CancellationToken);

        // Keys are only ever added, so a place in the list stays what it is. Those that a bound key may not see make a page shorter, never the list.
        var from = page.After is null ? 0
            : int.TryParse(page.After, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last + 1
            : throw PageRequest.BadToken();
        var (shown, next) = page.Cut(ids.Select((id, place) => (Id: id, Place: place)).Skip(from), item => item.Place.ToString(CultureInfo.InvariantCulture));
        var records = await RecordReads.ReadAllAsync(shown, (item, cancellation) => stored.ReadKeyAsync(item.Id, cancellation), context.CancellationToken);
        return new ListKeysResponse { Keys = { records.Where(caller.Encloses).Select(record => record.ToMessage()) }, NextPageToken = next };
    }

    [RequiresScope(Scopes.Admin)]
    public override async Task<RevokeKeyResponse> RevokeKey(RevokeKeyRequest request, ServerCallContext context)
    {
        var caller = context.GetCaller();
        if (request.KeyId.Length == 0)
        {
            throw RpcErrors.Missing("key_id", "name a key; ListKeys shows them").ToRpcException();
        }

        var revoked = KeyId.TryParse(request.KeyId, out var id) && await MayEndAsync(id, caller, context)
            ? await grains.GetGrain<IKeyGrain>(GrainKeys.Of(id)).RevokeAsync(caller.Tenant, CancellationToken.None)
            : null;
        return revoked is null
            ? throw RpcErrors.NotFound("KEY_NOT_FOUND", "key", request.KeyId).ToRpcException()
            : new RevokeKeyResponse { KeyInfo = revoked.Key.ToMessage(), Acknowledgement = revoked.Acknowledgement.ToMessage() };
    }

    // What a key may do never changes, so there is nothing to race with.
    private async Task<bool> MayEndAsync(KeyId id, ClientIdentity caller, ServerCallContext context) =>
        caller.SpeaksForEveryone || (await stored.ReadKeyAsync(id, context.CancellationToken) is { } key && caller.Encloses(key));

    private static TenantId ReadTenant(string text) => RequestSyntax.CheckTenantId(text) is { } fault
        ? throw RpcErrors.InvalidFields([fault]).ToRpcException()
        : TenantId.Parse(text);

    private ITenantGrain Grain(TenantId tenant) => grains.GetGrain<ITenantGrain>(GrainKeys.Of(tenant));

    private async Task<Tenant> FindAsync(TenantId tenant, ServerCallContext context)
    {
        var manifest = await Grain(tenant).GetManifestAsync(context.CancellationToken);
        return manifest?.ToMessage() ?? throw RpcErrors.NotFound("TENANT_NOT_FOUND", "tenant", tenant.Value).ToRpcException();
    }
}
