using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Tests.Segments;

public sealed class SegmentIdTests
{
    [Theory]
    [InlineData("s1")]
    [InlineData("host-5050")]
    [InlineData("a.b_c-1-2")]
    public void Path_OfASegment_IsReadBack(string silo)
    {
        var id = new SegmentId(silo, 1764273846000, 12);

        var path = id.PathAt(new DateTimeOffset(2026, 11, 27, 23, 30, 0, TimeSpan.FromHours(1)));

        Assert.Equal($"audit/date=2026-11-27/hour=22/{silo}-1764273846000-000012.jsonl", path);
        Assert.True(SegmentId.TryParse(path, out var read) && read == id);
        Assert.True(SegmentId.TryParse(path + SegmentId.OpenSuffix, out read) && read == id);
    }

    [Theory]
    [InlineData("s1-1-12.jsonl")]
    [InlineData("s1-1-000012.json")]
    [InlineData("s1-01-000012.jsonl")]
    [InlineData("-1-000012.jsonl")]
    [InlineData("s 1-1-000012.jsonl")]
    [InlineData("000012.jsonl")]
    public void Name_ThatNoSegmentHas_IsRefused(string name) => Assert.False(SegmentId.TryParse(name, out _));
}
