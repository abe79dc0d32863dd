using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;
using ControlZero.Audit.Tests.Verification;
using ControlZero.Engine.Matching;

namespace ControlZero.Audit.Tests.Reading;

/// <summary>Sealed segments that the real writer wrote, of two tenants, and what a query must answer over them.</summary>
/// <param name="Files">The segments, by path.</param>
/// <param name="Events">The events, in their order.</param>
internal sealed record WrittenLog(IReadOnlyDictionary<string, byte[]> Files, IReadOnlyList<AuditEvent> Events)
{
    private static readonly Lazy<Task<WrittenLog>> ManySegments = new(() => WriteAsync(600, 16 << 10));
    private static readonly Lazy<Task<WrittenLog>> OneSegment = new(() => WriteAsync(5000, 64 << 20));

    /// <summary>Some twenty segments.</summary>
    public static Task<WrittenLog> SmallAsync() => ManySegments.Value;

    /// <summary>One segment, whose index has chunks that are not read with its directory.</summary>
    public static Task<WrittenLog> LargeAsync() => OneSegment.Value;

    /// <summary>Holds a reader against the list: all of a tenant's events, those of one agent, and those of some.</summary>
    public async Task CheckAsync(AuditReader reader)
    {
        foreach (var tenant in (string[])["acme", "other"])
        {
            foreach (var filter in (EventFilter[])[EventFilter.All, new() { Agent = "agent-3" }, new() { Agents = [Pattern("*-[26]")] }])
            {
                var wanted = Events.Where(audited => audited.Tenant == tenant && filter.Takes(audited)).Select(audited => audited.DecisionId).Reverse();
                var page = await reader.QueryAsync(
                    new EventQuery(tenant, filter, 0, EventPlace.Before(DateTime.MaxValue.Ticks), Events.Count), CancellationToken.None);

                Assert.Equal(wanted, page.Events.Select(found => found.Event.DecisionId));
            }
        }
    }

    private static Glob Pattern(string text) => Glob.TryParse(text, out var glob, out _) ? glob : throw new ArgumentException(text);

    /// <summary>Writes events into a log of its own, and closes it.</summary>
    public static async Task<IReadOnlyList<AuditEvent>> WriteAsync(int count, AuditLogOptions options, IAuditSink sink)
    {
        var (begin, events, buffer) = (TimeProvider.System.GetUtcNow(), new List<AuditEvent>(), new EventBuffer());
        await using var log = AuditLog.Start(options, [sink], ledger: null, TimeProvider.System);
        for (var number = 0; number < count; number++)
        {
            var audited = Make(number, begin + TimeSpan.FromMilliseconds(number));
            events.Add(audited);
            buffer.Rewind(0);
            EventJson.Write(audited, buffer);
            var taken = log.AppendAsync(new AuditEntry(TenantId.Parse(audited.Tenant), audited.Time, buffer.Between(0, buffer.Length)));
            if (number % 20 == 0)
            {
                // What is committed together is in one segment.
                await taken;
            }
        }

        return events;
    }

    /// <summary>Settings of a log in a folder.</summary>
    public static AuditLogOptions Options(TemporaryFolder folder, int segmentBytes) =>
        new() { Silo = "one", Generation = 7, WalDirectory = folder.Wal, SegmentBytes = segmentBytes };

    private static async Task<WrittenLog> WriteAsync(int count, int segmentBytes)
    {
        using var folder = new TemporaryFolder();
        var events = await WriteAsync(count, Options(folder, segmentBytes), new LocalFileSink(folder.Path));
        Directory.CreateDirectory(Path.Combine(folder.Path, "ledger"));
        return new WrittenLog(MemoryArchive.Load(folder.Path).Files, events);
    }

    private static AuditEvent Make(int number, DateTimeOffset time) => new()
    {
        Kind = AuditEventKind.Decision,
        DecisionId = $"d{number}",
        Time = time,
        Tenant = number % 3 == 0 ? "other" : "acme",
        Agent = $"agent-{number % 7}",
        RequestId = $"r{number}",
        Action = "llm.generate",
        Resource = "model/m",
        Allowed = true,
        Effect = "allow",
        ReasonCode = "RULE_MATCH",
        Policy = "p",
        RuleId = "r",
        KeyId = "k",
        Silo = "one",
    };
}
