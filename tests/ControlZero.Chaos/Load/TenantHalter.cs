using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;

namespace ControlZero.Chaos.Load;

/// <summary>
/// Suspends whole tenants and resumes them some seconds later, a few at a time. A tenant of which it is not known whether it is resumed is
/// resumed until that is acknowledged, and not suspended again: an old resumption may still be on its way.
/// </summary>
/// <param name="calls">Makes and records the calls.</param>
/// <param name="tenants">Those that are suspended, turn about.</param>
/// <param name="operators">Clients of whoever runs the cluster, one a server.</param>
/// <param name="seed">Which, when and through which server.</param>
internal sealed class TenantHalter(RecordedCalls calls, IReadOnlyList<ChaosTenant> tenants, IReadOnlyList<ControlZeroClient> operators, int seed)
{
    private const int MostSuspended = 2;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(400);

    // Longer than the bound: it must be seen that nobody is allowed after it.
    private static readonly TimeSpan ShortestSuspension = TimeSpan.FromSeconds(3.5);

    private readonly Random _random = new(seed);
    private readonly List<ChaosTenant> _free = [.. tenants];
    private readonly Queue<(ChaosTenant Tenant, long Since)> _suspended = new();
    private readonly Queue<ChaosTenant> _uncertain = new();

    /// <summary>Publishes the policy of every one.</summary>
    public async Task BeginAsync()
    {
        foreach (var tenant in tenants)
        {
            await PolicyOfTenant.PublishAsync(calls, tenant, TestPolicies.Base);
        }
    }

    /// <summary>Makes changes until it is told to end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while (await pace.WaitForNextTickAsync(stop))
            {
                await ChangeAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    private async Task ChangeAsync()
    {
        if (_uncertain.TryPeek(out var uncertain))
        {
            if ((await ResumeAsync(uncertain)).Kind == LineKind.Ok)
            {
                _uncertain.Dequeue();
            }
        }
        else if (_suspended.TryPeek(out var oldest) && calls.Record.Now - oldest.Since > ShortestSuspension.TotalMicroseconds)
        {
            _suspended.Dequeue();
            if ((await ResumeAsync(oldest.Tenant)).Kind == LineKind.Ok)
            {
                _free.Add(oldest.Tenant);
            }
            else
            {
                _uncertain.Enqueue(oldest.Tenant);
            }
        }
        else if (_suspended.Count < MostSuspended && _free.Count > 0)
        {
            var tenant = _free[_random.Next(_free.Count)];
            _free.Remove(tenant);
            await SuspendAsync(tenant);
            _suspended.Enqueue((tenant, calls.Record.Now));
        }
    }

    private Task<RecordLine> SuspendAsync(ChaosTenant tenant) => SendAsync(tenant, Operation.SuspendTenant, async (client, options) =>
        ((await client.Tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = tenant.Id, Reason = "chaos" }, options)).PolicyEpoch, 0));

    private Task<RecordLine> ResumeAsync(ChaosTenant tenant) => SendAsync(tenant, Operation.ResumeTenant, async (client, options) =>
        ((await client.Tenants.ResumeTenantAsync(new ResumeTenantRequest { TenantId = tenant.Id }, options)).PolicyEpoch, 0));

    private Task<RecordLine> SendAsync(ChaosTenant tenant, Operation operation, Func<ControlZeroClient, Grpc.Core.CallOptions, Task<(ulong Epoch, long Version)>> change) =>
        calls.ChangeAsync(
            tenant,
            new RecordLine { Kind = LineKind.Invoke, At = 0, Operation = operation, Server = 1 + _random.Next(operators.Count) },
            operators,
            change);
}
