using ControlZero.Chaos.Records;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Chaos.Load;

/// <summary>
/// Reads the audit log all the time, through every server: decisions that were just answered and earlier ones, and the events of a second around one of
/// them, by all filters there are and by a key that is bound to some agents, page by page, through one server or each page through another one.
/// </summary>
/// <param name="calls">Makes and records the calls, and tells what was answered.</param>
/// <param name="tenants">Whose logs.</param>
/// <param name="servers">How many servers there are.</param>
/// <param name="seed">What is looked for is drawn from it.</param>
internal sealed class LogReaders(RecordedCalls calls, IReadOnlyList<ChaosTenant> tenants, int servers, int seed) : IDisposable
{
    // Of so many answers one is remembered for the whole run.
    private const int Every = 16;
    private const int MostPages = 1_000;
    private const long Window = 1_000_000;
    private const string Bound = "agent-0";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    // A part of the log that cannot be read is waited for, 5 s a silo.
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (ChaosTenant Tenant, List<Sample> Kept)> _samples = tenants.ToDictionary(tenant => tenant.Id, tenant => (tenant, new List<Sample>()));
    private readonly Dictionary<string, Sample> _latest = [];
    private readonly Dictionary<string, KeyClients> _bound = [];
    private long _seen;

    /// <summary>Makes a key that is bound to some agents for each tenant, and remembers answers from now on.</summary>
    public async Task BeginAsync()
    {
        calls.Answered = Remember;
        foreach (var tenant in tenants)
        {
            var made = await tenant.Direct[0].Tenants.CreateKeyAsync(new CreateKeyRequest { Name = "reader", Scopes = { "audit:read" }, Agents = { $"{Bound}*" } }, deadline: Deadline());
            _bound[tenant.Id] = tenant.Connect(made.KeyInfo.KeyId, made.Key);
        }
    }

    /// <summary>Reads until it is told to end; ends when the last call has.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(1, servers).Select(server => ReadAsync(server, new Random(seed + server), stop)));

    /// <summary>Reads all that is there about one agent of each tenant, through each server.</summary>
    public async Task FinishAsync()
    {
        foreach (var (tenant, server) in tenants.SelectMany(tenant => Enumerable.Range(1, servers), (tenant, server) => (tenant, server)))
        {
            await QueryAsync(tenant, server, new LogQuestion(0, calls.Record.Now) { Agent = tenant.Agents[server] }, pageSize: 1_000);
        }
    }

    public void Dispose()
    {
        calls.Answered = null;
        foreach (var key in _bound.Values)
        {
            key.Dispose();
        }
    }

    private async Task ReadAsync(int server, Random random, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while (await pace.WaitForNextTickAsync(stop))
            {
                var tenant = tenants[random.Next(tenants.Count)];
                if (Pick(tenant, random) is { } sample)
                {
                    await (random.Next(2) == 0
                        ? FindAsync(tenant, server, sample)
                        : QueryAsync(tenant, server, About(sample, random), pageSize: random.Next(20, 200)));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }
    }

    // An answer that was received this moment, or any time in the run.
    private Sample? Pick(ChaosTenant tenant, Random random)
    {
        lock (_gate)
        {
            var kept = _samples[tenant.Id].Kept;
            return random.Next(2) == 0 && kept.Count > 0 ? kept[random.Next(kept.Count)] : _latest.GetValueOrDefault(tenant.Id);
        }
    }

    private void Remember(RecordLine asked, RecordLine end)
    {
        // Who answered is known of questions to one server alone.
        if (asked.Server == 0 || !_samples.TryGetValue(asked.Tenant, out var of))
        {
            return;
        }

        var sample = new Sample(end.At, asked.Agent, asked.Resource, end.Answer!);
        lock (_gate)
        {
            _latest[asked.Tenant] = sample;
            if (_seen++ % Every == 0)
            {
                of.Kept.Add(sample);
            }
        }
    }

    private static LogQuestion About(Sample sample, Random random)
    {
        var answer = sample.Answer;
        var around = new LogQuestion(Math.Max(0, sample.At - (Window / 2)), sample.At + (Window / 2)) { Wanders = random.Next(2) == 0 };
        return random.Next(8) switch
        {
            0 => around with { Agent = sample.Agent },
            1 => around with { Agent = sample.Agent, Effect = answer.Effect },
            2 => around with { Effect = answer.Effect, Policy = answer.Policy },
            3 => around with { Rule = answer.Rule },
            4 when sample.Resource.StartsWith("model/", StringComparison.Ordinal) => around with { Model = sample.Resource["model/".Length..] },
            5 or 6 => around with { BoundTo = Bound },
            _ => around,
        };
    }

    private Task<RecordLine> FindAsync(ChaosTenant tenant, int server, Sample sample)
    {
        var question = new LogQuestion(0, long.MaxValue) { DecisionId = sample.Answer.DecisionId };
        return calls.ReadAsync(tenant, server, question, async line =>
        {
            var answer = await tenant.Direct[server - 1].Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = question.DecisionId }, deadline: Deadline());
            return line with { Found = [.. answer.Events.Select(found => FoundMapping.Of(found, calls.Record))] };
        });
    }

    private Task<RecordLine> QueryAsync(ChaosTenant tenant, int server, LogQuestion question, int pageSize) => calls.ReadAsync(tenant, server, question, async line =>
    {
        var clients = question.BoundTo.Length > 0 ? _bound[tenant.Id].Direct : tenant.Direct;
        var request = new QueryEventsRequest
        {
            Filter = new EventFilter { AgentId = question.Agent, Effect = question.Effect, Model = question.Model, Policy = question.Policy, RuleId = question.Rule },
            From = Timestamp.FromDateTimeOffset(calls.Record.TimeOf(question.From)),
            To = Timestamp.FromDateTimeOffset(calls.Record.TimeOf(question.To)),
            PageSize = pageSize,
        };
        var found = new List<FoundEvent>();
        var unreachable = new SortedSet<string>(StringComparer.Ordinal);
        for (var page = 0; page < MostPages; page++)
        {
            var whom = question.Wanders ? (server - 1 + page) % servers : server - 1;
            var answer = await clients[whom].Audit.QueryEventsAsync(request, deadline: Deadline());
            found.AddRange(answer.Events.Select(each => FoundMapping.Of(each, calls.Record)));
            unreachable.UnionWith(answer.UnreachableSilos);
            request.PageToken = answer.NextPageToken;
            if (answer.NextPageToken.Length == 0)
            {
                return line with { Found = found, Unreachable = unreachable.Count > 0 ? [.. unreachable] : null };
            }
        }

        return line with { Kind = LineKind.Fail, Status = $"{MostPages} pages have no end" };
    });

    private static DateTime Deadline() => (TimeProvider.System.GetUtcNow() + ReadTimeout).UtcDateTime;

    /// <summary>An answer that a server gave, of which there must be an event.</summary>
    private sealed record Sample(long At, string Agent, string Resource, Answer Answer);
}
