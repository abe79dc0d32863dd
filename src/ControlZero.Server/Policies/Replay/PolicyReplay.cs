using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Policies.Replay;

/// <summary>Holds drafts against the decisions in the audit log. It reads the log and what is in force, and changes nothing.</summary>
/// <param name="log">The log. Null: this server has no silo, and nobody to ask for it.</param>
/// <param name="catalog">What is in force.</param>
/// <param name="clock">Measures how long one takes.</param>
internal sealed class PolicyReplay(ClusterLog? log, PolicyCatalog catalog, TimeProvider clock)
{
    // One a tenant, and one more of its keys that are bound to agents: who may see a few agents keeps nobody from replaying all of them.
    private const int MostAtOnce = 4;
    private const int MostOfBoundKeys = 2;

    private readonly Lock _gate = new();
    private readonly HashSet<(TenantId Tenant, bool IsBound)> _underWay = [];

    /// <summary>Runs one, telling how far it is.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="caller">Who asks: of its tenant the decisions of agents that it may speak for.</param>
    /// <param name="responses">Where it is told.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="RpcException">It cannot be run here and now.</exception>
    public async Task RunAsync(
        ReplayQuestion question, ClientIdentity caller, IServerStreamWriter<ReplayPolicyResponse> responses, CancellationToken cancellationToken)
    {
        var readable = log ?? throw RpcErrors.NoSiloHere().ToRpcException();
        var place = (caller.Tenant, IsBound: !caller.SpeaksForEveryone);
        Enter(place);
        try
        {
            var snapshot = await catalog.LoadAsync(caller.Tenant)
                ?? throw new InvalidOperationException($"a key of tenant `{caller.Tenant}` works, but the tenant does not exist");
            await new ReplayRun(question, caller, snapshot, readable, clock).RunAsync(responses, cancellationToken);
        }
        finally
        {
            Leave(place);
        }
    }

    private void Enter((TenantId Tenant, bool IsBound) place)
    {
        lock (_gate)
        {
            var isFull = _underWay.Count == MostAtOnce || (place.IsBound && _underWay.Count(other => other.IsBound) == MostOfBoundKeys);
            if (isFull || !_underWay.Add(place))
            {
                throw RpcErrors.ReplayBusy().ToRpcException();
            }
        }
    }

    private void Leave((TenantId Tenant, bool IsBound) place)
    {
        lock (_gate)
        {
            _underWay.Remove(place);
        }
    }
}
