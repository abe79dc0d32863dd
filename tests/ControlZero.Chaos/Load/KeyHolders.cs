using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Chaos.Load;

/// <summary>
/// Programs with a key of their own: one key a tenant at a time is made, used at every server, through a client with all addresses and over a stream to every
/// server, revoked while it is used, and used on until it must be refused everywhere. Then the next one is made.
/// </summary>
/// <param name="calls">Makes and records the calls.</param>
/// <param name="tenants">Whose keys.</param>
/// <param name="servers">How many servers there are.</param>
/// <param name="seed">What is asked, when a key is revoked and through which server.</param>
internal sealed class KeyHolders(RecordedCalls calls, IReadOnlyList<ChaosTenant> tenants, int servers, int seed)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PaceOfStream = TimeSpan.FromMilliseconds(100);

    // It may wait for a paused server, as other changes may.
    private static readonly TimeSpan MakeTimeout = TimeSpan.FromSeconds(8);

    // Every server has the key among those it remembers by then.
    private static readonly TimeSpan ShortestUse = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan LongestUse = TimeSpan.FromSeconds(3);

    // Longer than the bound, and than most faults: who was cut off meanwhile must not take it for valid when the links are whole again either.
    private static readonly TimeSpan UseOfRevoked = TimeSpan.FromSeconds(6);

    private readonly Random[] _random = [.. tenants.Select((_, number) => new Random(seed + number))];
    private readonly KeyClients?[] _first = new KeyClients?[tenants.Count];

    /// <summary>Makes the first key of every tenant.</summary>
    public async Task BeginAsync()
    {
        for (var number = 0; number < tenants.Count; number++)
        {
            _first[number] = await MakeAsync(tenants[number], _random[number]);
        }
    }

    /// <summary>Makes, uses and revokes keys until it is told to end; ends when the last call has.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(tenants.Select((tenant, number) => HoldAsync(tenant, _first[number], _random[number], stop)));

    private async Task HoldAsync(ChaosTenant tenant, KeyClients? key, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while (true)
            {
                if (key is not null)
                {
                    await UseAsync(tenant, key, random, stop);
                }

                await pace.WaitForNextTickAsync(stop);
                key = await TryMakeAsync(tenant, random);
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    // Null: nobody knows whether it was made, and nobody was shown it.
    private async Task<KeyClients?> TryMakeAsync(ChaosTenant tenant, Random random)
    {
        try
        {
            return await MakeAsync(tenant, random);
        }
        catch (Exception error) when (error is RpcException or ControlZeroException)
        {
            return null;
        }
    }

    private async Task<KeyClients> MakeAsync(ChaosTenant tenant, Random random)
    {
        var request = new CreateKeyRequest { Name = "chaos", Scopes = { "enforce" } };
        var made = await tenant.Direct[random.Next(servers)].Tenants.CreateKeyAsync(request, deadline: (TimeProvider.System.GetUtcNow() + MakeTimeout).UtcDateTime);
        return tenant.Connect(made.KeyInfo.KeyId, made.Key);
    }

    private async Task UseAsync(ChaosTenant tenant, KeyClients key, Random random, CancellationToken stop)
    {
        using (key)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var asking = Task.WhenAll(
            [
                .. Enumerable.Range(0, servers + 1).Select(server => AskAsync(tenant, key, server, new Random(random.Next()), over.Token)),
                .. key.From.Select(client => AskOverAsync(tenant, key, client, new Random(random.Next()), over.Token)),
            ]);
            try
            {
                await Task.Delay(ShortestUse + (random.NextDouble() * (LongestUse - ShortestUse)), TimeProvider.System, stop);
                while ((await RevokeAsync(tenant, key, random)).Kind != LineKind.Ok)
                {
                    await Task.Delay(Pace, TimeProvider.System, stop);
                }

                await Task.Delay(UseOfRevoked, TimeProvider.System, stop);
            }
            finally
            {
                await over.CancelAsync();
                await asking;
            }
        }
    }

    private Task<RecordLine> RevokeAsync(ChaosTenant tenant, KeyClients key, Random random) => calls.ChangeAsync(
        tenant,
        new RecordLine { Kind = LineKind.Invoke, At = 0, Operation = Operation.RevokeKey, Key = key.Id, Server = 1 + random.Next(servers) },
        tenant.Direct,
        async (client, options) =>
        {
            await client.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = key.Id }, options);
            return (0, 0);
        });

    // Server 0: the client chooses.
    private async Task AskAsync(ChaosTenant tenant, KeyClients key, int server, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while (await pace.WaitForNextTickAsync(stop))
            {
                var (agent, question) = Question(tenant, random);

                // An epoch it carries makes a server look into storage; one that nobody tells anything must refuse the key too.
                var minEpoch = random.Next(2) == 0 ? tenant.Epoch : 0;
                await (server == 0 ? calls.AskAsync(tenant, agent, question, minEpoch, key) : calls.AskAsync(tenant, server, agent, question, minEpoch, key));
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }
    private async Task AskOverAsync(ChaosTenant tenant, KeyClients key, ControlZeroClient client, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(PaceOfStream);
        var stream = client.OpenStream();
        try
        {
            while (await pace.WaitForNextTickAsync(stop))
            {
                if (!stream.IsOpen)
                {
                    await stream.DisposeAsync();
                    stream = client.OpenStream();
                }

                var (agent, question) = Question(tenant, random);
                await calls.AskAsync(tenant, stream, agent, question, random.Next(2) == 0 ? tenant.Epoch : 0, key);
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private static (string Agent, (string Action, string Resource) Question) Question(ChaosTenant tenant, Random random) =>
        (tenant.Agents[random.Next(tenant.Agents.Count)], TestPolicies.Questions[random.Next(TestPolicies.Questions.Count)]);
}
