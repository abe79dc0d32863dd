using ControlZero.Audit.Format.Events;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Authentication;
using ControlZero.Server.Tests.Authentication;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;

namespace ControlZero.Server.Tests.Audit;

/// <summary>How the answers of several silos become pages, also of those that read otherwise than this build.</summary>
public sealed class EventQuestionTests
{
    private static readonly long Begin = new DateTimeOffset(2026, 11, 28, 9, 0, 0, TimeSpan.Zero).UtcTicks;

    // Event i is at second i / 4, of agent `own-1` every third time, in the log of silo `a` or `b`.
    private static readonly SiloEvent[] Log = [.. Enumerable.Range(0, 40).Select(Make)];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Pages_OfSilosThatKnowNothingOfTheBinding_AreOfItsAgentsAndMissNone(int size)
    {
        var seen = PageThrough(Callers.Of("acme", "own*"), query => Newest(query, _ => true), size);

        Assert.Equal(Log.Where((_, number) => number % 3 == 0).Select(IdOf).Reverse(), seen);
    }

    // One silo's part is read down to different places with each call, and not always to the beginning.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pages_OfASiloThatStopsEarly_GoOnFromThereAndMissNone(bool byPlace)
    {
        var seen = PageThrough(Callers.Of("acme"), query => [Stopping(query, "a"), .. Newest(query, each => each.Place.Silo == "b")], 4);

        Assert.Equal(Log.Select(IdOf).Reverse(), seen);

        // Two events have one time: who stops between them says where. A silo of an earlier build leaves those of the last time out, and so looks through three.
        SiloEvents Stopping(SiloQuery query, string silo)
        {
            var most = byPlace ? 1 : 3;
            var part = Before(query).Where(each => each.Place.Silo == silo).Take(most).ToList();
            return part.Count < most ? new SiloEvents([.. part])
                : byPlace ? new SiloEvents([.. part], part[^1].Time, LookedThrough: part[^1].Place)
                : new SiloEvents([.. part.Where(each => each.Time > part[^1].Time)], part[^1].Time);
        }
    }

    private static List<string> PageThrough(ClientIdentity caller, Func<SiloQuery, SiloEvents[]> ask, int size)
    {
        var request = new QueryEventsRequest { PageSize = size };
        var seen = new List<string>();
        for (var calls = 1; ; calls++)
        {
            Assert.InRange(calls, 1, 100);
            var question = EventQuestion.Read(request, caller);
            var page = question.ToPage(new Answers<SiloEvents>([.. ask(question.Query)], []));
            Assert.InRange(page.Events.Count, 0, size);
            seen.AddRange(page.Events.Select(each => each.DecisionId));
            request.PageToken = page.NextPageToken;
            if (request.PageToken.Length == 0)
            {
                return seen;
            }
        }
    }

    private static SiloEvents[] Newest(SiloQuery query, Func<SiloEvent, bool> isTheirs) =>
        [.. Before(query).Where(isTheirs).GroupBy(each => each.Place.Silo).Select(silo => new SiloEvents([.. silo.Take(query.Count)]))];

    private static IEnumerable<SiloEvent> Before(SiloQuery query) => Log.Reverse().Where(each =>
        (each.Time, each.Place.Silo, each.Place.Sequence).CompareTo((query.BeforeTime, query.Before.Silo, query.Before.Sequence)) < 0);

    private static string IdOf(SiloEvent each) => EventMessages.Read(each, "acme").DecisionId;

    private static SiloEvent Make(int number)
    {
        var buffer = new EventBuffer();
        var (time, silo) = (Begin + (number / 4 * TimeSpan.TicksPerSecond), number % 4 < 2 ? "a" : "b");
        EventJson.Write(
            new AuditEvent
            {
                Kind = AuditEventKind.Decision,
                DecisionId = $"d{number}",
                Time = new DateTimeOffset(time, TimeSpan.Zero),
                Tenant = "acme",
                Agent = number % 3 == 0 ? "own-1" : "other",
                RequestId = "r",
                Action = "use",
                Allowed = true,
                Effect = "allow",
                ReasonCode = "RULE_MATCH",
                RuleId = "r",
                KeyId = "k",
                Silo = silo,
            },
            buffer);
        return new SiloEvent(time, new LogPlace(silo, 1, number + 1), buffer.Between(0, buffer.Length).ToArray());
    }
}
