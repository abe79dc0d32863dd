using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Verification;
using ControlZero.Engine.Matching;

namespace ControlZero.Audit.Tests.Reading;

/// <summary>Queries held against a list of everything that was written, over open and sealed segments, with and without index files.</summary>
public sealed class AuditReaderTests : IAsyncLifetime
{
    private const int Count = 4000;
    private static readonly DateTimeOffset Begin = TimeProvider.System.GetUtcNow();

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("cz-audit-read-");
    private readonly List<AuditEvent> _written = [];
    private AuditLog? _log;

    public async Task InitializeAsync()
    {
        _log = AuditLog.Start(
            new AuditLogOptions { Silo = "one", Generation = 7, WalDirectory = Path.Combine(_root.FullName, "wal"), SegmentBytes = 128 * 1024 },
            [new LocalFileSink(_root.FullName)],
            ledger: null,
            TimeProvider.System);
        var random = new Random(20261127);
        var buffer = new EventBuffer();
        var last = Task.FromResult(new AuditAppend(AuditOutcome.Durable));
        for (var number = 0; number < Count; number++)
        {
            var audited = Make(number, random);
            _written.Add(audited);
            buffer.Rewind(0);
            EventJson.Write(audited, buffer);
            last = _log.AppendAsync(new AuditEntry(TenantId.Parse(audited.Tenant), audited.Time, buffer.Between(0, buffer.Length)));
            if (number % 250 == 0)
            {
                // What is committed together is in one segment.
                await last;
            }
        }

        Assert.True((await last).IsAccepted);
        await ReadableAsync();
    }

    public async Task DisposeAsync()
    {
        await CloseAsync();
        _root.Delete(recursive: true);
    }

    public static TheoryData<string?, string?, string?, string?, string?> Filters() => new()
    {
        { null, null, null, null, null },
        { "agent-3", null, null, null, null },
        { null, "deny", null, null, null },
        { "agent-1", "allow", null, null, null },
        { null, null, "m2", null, null },
        { null, null, "m3", null, null },
        { null, null, null, "p1", null },
        { null, null, null, null, "rule-4" },
        { "agent-none", null, null, null, null },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public async Task Query_PageByPage_GivesWhatWasWrittenTheNewestFirst(string? agent, string? effect, string? model, string? policy, string? rule)
    {
        var filter = new EventFilter { Agent = agent, Effect = effect, Model = model, Policy = policy, Rule = rule };

        await CheckAsync(filter);
        await CloseAsync();
        await CheckAsync(filter);
        Assert.True(Segments().Count > 5);
        Assert.All(Segments(), segment => Assert.True(File.Exists(Path.ChangeExtension(segment, ".idx")), segment));
        await CheckAsync(filter);
    }

    [Theory]
    [InlineData("agent-3")]
    [InlineData("agent-[13]")]
    [InlineData("*-4", "agent-1")]
    [InlineData("agent-1", "agent-4")]
    [InlineData("agent-?")]
    [InlineData("nobody*")]
    public async Task Query_ByPatternsOfAgents_GivesFullPagesOfWhatTheyMatch(params string[] patterns)
    {
        var filter = new EventFilter { Agents = [.. patterns.Select(Pattern)] };

        await CheckAsync(filter);
        await CloseAsync();
        await CheckAsync(filter with { Effect = "deny", Model = "m3" });
    }

    [Fact]
    public async Task Query_WhoseLinesDoNotMatchAfterAll_ReadsNoMoreOfThemThanACallMay_AndGoesOnFromThere()
    {
        // Of an event with several models an index does not know which.
        const int page = 37, most = 60;
        await CloseAsync();
        using var reader = Reader(most);
        var several = _written.Count(audited => audited.Tenant == "acme" && audited.Candidates.Length > 0);
        var (calls, read) = (0, 0L);
        for (EventPlace? before = EventPlace.Before(DateTime.MaxValue.Ticks); before is { } place; calls++)
        {
            var found = await reader.QueryAsync(new EventQuery("acme", new EventFilter { Model = "none" }, 0, place, page), CancellationToken.None);
            Assert.Empty(found.Events);
            Assert.InRange(reader.LinesRead - read, 0, page + most);
            (read, before) = (reader.LinesRead, found.LookedThrough);
        }

        Assert.Equal((several, (several / (page + most)) + 1), (read, calls));
    }

    [Theory]
    [InlineData("agent-3", "agent-1")]
    [InlineData("*-1", "nobody*")]
    public async Task Query_ForSomeAgents_ReadsTheirLinesAndNoOthers(params string[] patterns)
    {
        using (var growing = Reader())
        {
            await CheckAsync(growing);
        }

        await CloseAsync();
        using var reader = Reader();
        await reader.IndexAsync(_ => true, CancellationToken.None);
        await CheckAsync(reader);

        async Task CheckAsync(AuditReader reads)
        {
            var page = await reads.QueryAsync(Ask(new EventFilter { Agents = [.. patterns.Select(Pattern)] }, 10), CancellationToken.None);
            Assert.Equal((10, 10), (page.Events.Count, reads.LinesRead));
            Assert.All(page.Events, found => Assert.True(found.Event.Agent is "agent-1" || (found.Event.Agent is "agent-3" && patterns.Contains("agent-3"))));
        }
    }

    // Two names of one hash: patterns are held against both.
    [Fact]
    public async Task Index_OfAgentsWithOneHash_KnowsAllTheirNames()
    {
        var seen = new Dictionary<uint, string>();
        var name = "";
        for (var number = 0; seen.TryAdd(EventEntry.Hash(name), name); number++)
        {
            name = $"agent-{number}";
        }

        var (first, entries) = (seen[EventEntry.Hash(name)], new GrowingEntries());
        foreach (var each in new[] { first, name, first, name, "ä", "ä", name })
        {
            entries.Add(new EventEntry { Offset = 0, Length = 1, Sequence = 1, Time = 1, Decision = 1, Agent = EventEntry.Hash(each), Model = 0, Policy = 0, Rule = 0, Effect = 0 }, System.Text.Encoding.UTF8.GetBytes(each));
        }

        Assert.NotEqual(first, name);
        Assert.Equal([first, name, "ä"], (await entries.Snapshot().LoadAgentsAsync(CancellationToken.None)).ToArray());
        Assert.Equal(7, entries.Count);
    }

    [Fact]
    public async Task Query_ForOneAgent_ReadsItsLinesAndNoOthers()
    {
        await CloseAsync();
        using var reader = Reader();
        await reader.IndexAsync(_ => true, CancellationToken.None);

        var page = await reader.QueryAsync(Ask(new EventFilter { Agent = "agent-3" }, 10), CancellationToken.None);

        Assert.Equal((10, 10), (page.Events.Count, reader.LinesRead));
    }

    [Fact]
    public async Task Decision_ByItsId_IsFoundWithItsAmendment()
    {
        using var reader = Reader();
        var wanted = _written.First(audited => audited is { Tenant: "acme", Kind: AuditEventKind.Amendment });

        var found = await reader.FindAsync("acme", wanted.DecisionId, wanted.Time.UtcTicks, CancellationToken.None);

        Assert.Equal([AuditEventKind.Decision, AuditEventKind.Amendment], found.Select(each => each.Event.Kind));
        Assert.Empty(await reader.FindAsync("other", wanted.DecisionId, wanted.Time.UtcTicks, CancellationToken.None));
        Assert.Empty(await reader.FindAsync("acme", wanted.DecisionId, wanted.Time.UtcTicks - TimeSpan.TicksPerDay, CancellationToken.None));
    }

    [Fact]
    public async Task Follower_FromAnyPlace_GetsEverythingAfterItInOrder()
    {
        using var reader = Reader();
        var ends = Assert.Single(await reader.EndsAsync(CancellationToken.None));
        Assert.Equal(("one", 7, Count), (ends.Silo, ends.Generation, (int)ends.Sequence));

        var seen = new List<string>();
        for (var after = 0L; ;)
        {
            var found = await reader.FollowAsync("acme", (_, _) => after, 0, 700, CancellationToken.None);
            if (found.Count == 0)
            {
                break;
            }

            seen.AddRange(found.Select(each => each.Event.DecisionId));
            after = found[^1].Place.Sequence;
        }

        Assert.Equal(_written.Where(audited => audited.Tenant == "acme").Select(audited => audited.DecisionId), seen);
    }

    private static EventQuery Ask(EventFilter filter, int count) => new("acme", filter, 0, EventPlace.Before(DateTime.MaxValue.Ticks), count);

    // Times are not in the order of the log: callers take them before they reach the writer. Several have the same.
    private static AuditEvent Make(int number, Random random)
    {
        var isAmendment = number % 50 == 1;
        return new AuditEvent
        {
            Kind = isAmendment ? AuditEventKind.Amendment : AuditEventKind.Decision,
            DecisionId = isAmendment ? $"d{number - 1}" : $"d{number}",
            Time = Begin + TimeSpan.FromMilliseconds((number / 3) + random.Next(20)),
            Tenant = number % 50 < 2 || random.Next(2) == 0 ? "acme" : "other",
            Agent = $"agent-{random.Next(5)}",
            RequestId = $"r{number}",
            Action = "llm.generate",
            Resource = random.Next(4) == 0 ? "" : $"model/m{random.Next(4)}",
            Candidates = random.Next(5) == 0 ? ["model/m1", "model/m2"] : [],
            Allowed = number % 2 == 0,
            Effect = number % 2 == 0 ? "allow" : "deny",
            ReasonCode = "RULE_MATCH",
            Policy = $"p{random.Next(3)}",
            RuleId = $"rule-{random.Next(6)}",
            KeyId = "k",
            Silo = "one",
        };
    }

    // In a container a segment has its name from the beginning, so only its end line says that its index may be kept.
    [Fact]
    public async Task Segment_ThatGrowsUnderItsFinalName_IsReadOnAndItsIndexKeptWhenItHasItsEnd()
    {
        await CloseAsync();
        var path = Path.GetRelativePath(_root.FullName, Segments().MaxBy(file => new FileInfo(file).Length)!);
        var whole = await File.ReadAllBytesAsync(Path.Combine(_root.FullName, path));
        var container = new MemoryArchive([KeyValuePair.Create(path, whole[..(whole.AsSpan(..(whole.Length / 2)).LastIndexOf((byte)'\n') + 1)])]);
        using var reader = new AuditReader(container, container);
        var all = new EventQuery("acme", EventFilter.All, 0, EventPlace.Before(DateTime.MaxValue.Ticks), Count);
        var half = await reader.QueryAsync(all, CancellationToken.None);
        Assert.Equal([path], container.Files.Keys);

        container.Files[path] = whole;
        var full = await reader.QueryAsync(all, CancellationToken.None);

        Assert.True(full.Events.Count > half.Events.Count && half.Events.Count > 0);
        Assert.Subset(full.Events.Select(found => found.Place).ToHashSet(), half.Events.Select(found => found.Place).ToHashSet());
        Assert.Equal([Path.ChangeExtension(path, ".idx"), path], container.Files.Keys);
        Assert.Equal(full.Events.Select(found => found.Place), (await reader.QueryAsync(all, CancellationToken.None)).Events.Select(found => found.Place));
    }

    private async Task CheckAsync(EventFilter filter)
    {
        using var reader = Reader();
        var expected = _written
            .Select((audited, index) => (Event: audited, Place: new EventPlace(audited.Time.UtcTicks, "one", 7, index + 1)))
            .Where(each => each.Event.Tenant == "acme" && filter.Takes(each.Event))
            .OrderByDescending(each => each.Place, EventPlace.Order)
            .Select(each => (each.Event.DecisionId, each.Event.Kind, each.Place))
            .ToList();
        var from = _written[Count / 10].Time.UtcTicks;
        foreach (var since in new[] { 0, from })
        {
            var seen = new List<(string, AuditEventKind, EventPlace)>();
            for (EventPlace? before = EventPlace.Before(DateTime.MaxValue.Ticks); before is { } place;)
            {
                var page = await reader.QueryAsync(new EventQuery("acme", filter, since, place, 137), CancellationToken.None);
                seen.AddRange(page.Events.Select(found => (found.Event.DecisionId, found.Event.Kind, found.Place)));
                before = page.LookedThrough;
                Assert.True(before is null || page.Events.Count == 137, $"a page of {page.Events.Count} that is not the last one");
            }

            Assert.Equal(expected.Where(each => each.Place.Time >= since), seen);
        }
    }

    private AuditReader Reader(int mostLines = AuditReader.MostLines) =>
        new(new LocalArchive(_root.FullName), new LocalIndexStore(_root.FullName), null, null, AuditReader.MostIndexBytes, mostLines);

    private static Glob Pattern(string text) => Glob.TryParse(text, out var glob, out _) ? glob : throw new ArgumentException(text);

    private List<string> Segments() => [.. Directory.EnumerateFiles(Path.Combine(_root.FullName, "audit"), "*.jsonl", SearchOption.AllDirectories)];

    private async Task ReadableAsync()
    {
        var readable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = _log!;
        log.Readable += _ => Look();
        Look();
        await readable.Task.WaitAsync(TimeSpan.FromSeconds(60));

        void Look()
        {
            if (log.Status.Shipped >= Count)
            {
                readable.TrySetResult();
            }
        }
    }

    private async Task CloseAsync()
    {
        if (_log is not null)
        {
            await _log.DisposeAsync();
            _log = null;
        }
    }
}
