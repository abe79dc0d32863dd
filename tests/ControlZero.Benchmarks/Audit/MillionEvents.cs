using System.Globalization;
using BenchmarkDotNet.Attributes;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Sinks;
using ControlZero.Engine.Matching;

namespace ControlZero.Benchmarks.Audit;

/// <summary>A million events of 10 tenants with 100 agents each, in segments of 64 MiB as a server writes them: what it costs to find some.</summary>
public class MillionEvents : IDisposable
{
    private const int Events = 1_000_000;
    private const int Tenants = 10;
    private const int Agents = 100;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("cz-million-");
    private AuditReader? _reader;
    private string _decision = "";
    private long _decisionTime;

    /// <summary>Writes them.</summary>
    [GlobalSetup]
    public async Task SetupAsync()
    {
        var begin = TimeProvider.System.GetUtcNow();
        await using (var log = AuditLog.Start(
            new AuditLogOptions { Silo = "one", WalDirectory = Path.Combine(_root.FullName, "wal") }, [new LocalFileSink(_root.FullName)], ledger: null, TimeProvider.System))
        {
            var buffer = new EventBuffer();
            for (var number = 0; number < Events; number++)
            {
                var time = begin + TimeSpan.FromMilliseconds(number / 100.0);
                var audited = Make(number, time);
                (_decision, _decisionTime) = number == Events / 2 ? (audited.DecisionId, time.UtcTicks) : (_decision, _decisionTime);
                buffer.Rewind(0);
                EventJson.Write(audited, buffer);
                var taken = log.AppendAsync(new AuditEntry(TenantId.Parse(audited.Tenant), time, buffer.Between(0, buffer.Length)));
                if (number % 5000 == 0)
                {
                    await taken;
                }
            }
        }

        _reader = new AuditReader(new LocalArchive(_root.FullName), new LocalIndexStore(_root.FullName));
        await _reader.IndexAsync(_ => true, CancellationToken.None);
        var files = _root.GetFiles("*", SearchOption.AllDirectories);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"// {files.Count(file => file.Extension == ".jsonl")} segments of {files.Where(file => file.Extension == ".jsonl").Sum(file => file.Length) / 1e6:0} MB, indexes of {files.Where(file => file.Extension == ".idx").Sum(file => file.Length) / 1e6:0} MB"));
        var before = _reader.LinesRead;
        var page = await LastHundredOfAnAgentAsync();
        Console.WriteLine($"// one agent's last {page.Events.Count}: {_reader.LinesRead - before} lines read");
    }

    /// <summary>Removes them.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _reader?.Dispose();
        _root.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>One agent's last hundred.</summary>
    [Benchmark]
    public Task<EventPage> LastHundredOfAnAgentAsync() => AskAsync(new EventFilter { Agent = "agent-7" }, 100);

    /// <summary>The tenant's last hundred.</summary>
    [Benchmark]
    public Task<EventPage> LastHundredOfATenantAsync() => AskAsync(EventFilter.All, 100);

    /// <summary>Something that is nowhere: every entry of the tenant is looked at.</summary>
    [Benchmark]
    public Task<EventPage> NothingAsync() => AskAsync(new EventFilter { Agent = "nobody" }, 100);

    /// <summary>The last hundred of a tenth of its agents, by pattern.</summary>
    [Benchmark]
    public Task<EventPage> LastHundredOfAPatternAsync() => AskAsync(new EventFilter { Agents = [Pattern("agent-?")] }, 100);

    /// <summary>A pattern that matches none: the names of all segments are looked at.</summary>
    [Benchmark]
    public Task<EventPage> NothingOfAPatternAsync() => AskAsync(new EventFilter { Agents = [Pattern("nobody*")] }, 100);

    /// <summary>One decision by its id.</summary>
    [Benchmark]
    public Task<IReadOnlyList<PlacedEvent>> DecisionAsync() => _reader!.FindAsync("tenant-0", _decision, _decisionTime, CancellationToken.None);

    private static Glob Pattern(string text) => Glob.TryParse(text, out var glob, out var error) ? glob : throw new ArgumentException(error);

    private Task<EventPage> AskAsync(EventFilter filter, int count) =>
        _reader!.QueryAsync(new EventQuery("tenant-0", filter, 0, EventPlace.Before(DateTime.MaxValue.Ticks), count), CancellationToken.None);

    private static AuditEvent Make(int number, DateTimeOffset time) => new()
    {
        Kind = AuditEventKind.Decision,
        DecisionId = Ulid.NewUlid(time).ToString(),
        Time = time,
        Tenant = $"tenant-{number % Tenants}",
        Agent = $"agent-{number / Tenants % Agents}",
        RequestId = $"request-{number}",
        Action = "llm.generate",
        Resource = "model/anthropic/claude-sonnet-4-20250514",
        Allowed = true,
        Effect = "allow",
        ReasonCode = "RULE_MATCH",
        Reason = "rule `rule-0` of policy `openrouter-model-policy` matches",
        Policy = "openrouter-model-policy",
        PolicyVersion = 1,
        PolicyEpoch = 1,
        RuleId = "rule-0",
        RuleIndex = 0,
        EvaluatedRules = 1,
        KeyId = "abcdefghijkl",
        Silo = "one",
    };
}
