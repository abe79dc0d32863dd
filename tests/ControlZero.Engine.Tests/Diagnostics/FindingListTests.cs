using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Tests.Diagnostics;

public sealed class FindingListTests
{
    [Fact]
    public void Error_PastThoseThatAreListed_IsCountedAndNotPutIntoWords()
    {
        var findings = new FindingList();
        var worded = 0;

        for (var number = 0; number < FindingList.MaxListed + 100; number++)
        {
            findings.Error(1, number, "CODE", $"finding {Words()}", "mend it");
        }

        var listed = findings.ToSorted();
        Assert.Equal(FindingList.MaxListed, worded);
        Assert.Equal($"100 more findings are not listed; {FindingList.MaxListed} are", listed[^1].Message);
        Assert.All(listed, finding => Assert.NotEmpty(finding.Message));

        int Words() => ++worded;
    }
}
