using ControlZero.Audit.Azure;
using ControlZero.Audit.Format.Segments;
using ControlZero.Server.Audit.Keeping;

namespace ControlZero.Server.Tests.Audit;

public sealed class OrphanUpkeepTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan SealAfter = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("alive", true, 10_000, false)]
    [InlineData("alive", false, 59, false)]
    [InlineData("alive", false, 60, true)]
    [InlineData("gone", true, 1, true)]
    [InlineData("gone", true, 0, false)]
    [InlineData("frontdoor-a", true, 1439, false)]
    [InlineData("frontdoor-a", true, 1440, true)]
    public void Segment_OfASilo_IsDeadWhenNobodyWillWriteItAgain(string silo, bool isLatest, int minutes, bool isDead) => Assert.Equal(
        isDead,
        OrphanUpkeep.IsDead(
            new OpenSegment(new SegmentId(silo, 7, 0), Now.AddMinutes(-minutes), isLatest), new HashSet<string> { "alive" }, SealAfter, Now));
}
