using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Tests.Matching;

public class ActionNameTests
{
    [Theory]
    [InlineData("llm.*", "llm.*:*", "llm:*")]
    [InlineData("delete.file:*", "delete.file:*")]
    [InlineData("delete_*", "delete_*:*")]
    [InlineData("*", "*:*")]
    [InlineData("mcp.tool.call", "mcp.tool.call:*", "mcp:tool.call")]
    [InlineData("a[:.]b", "a[:.]b", "a[:.]b:*")]
    [InlineData("a[:.]b.c", "a[:.]b.c", "a[:.]b.c:*", "a[:.]b:c")]
    [InlineData("a[:.]b:c", "a[:.]b:c")]
    [InlineData("a[].]b.c", "a[].]b.c:*", "a[].]b:c")]
    public void PatternForms_OfAPattern_AreItsReadings(string pattern, params string[] forms)
    {
        Assert.Equal(forms, ActionName.PatternForms(pattern));
    }

    [Theory]
    [InlineData("llm.generate", "llm.generate:*", "llm:generate")]
    [InlineData("llm:generate", "llm:generate")]
    [InlineData("llm:a.b", "llm:a.b")]
    [InlineData("delete_file", "delete_file:*")]
    [InlineData("a[.]b", "a[.]b:*", "a[:]b")]
    public void RequestForms_OfAnAction_AreItsReadings(string action, params string[] forms)
    {
        Assert.Equal(forms, ActionName.RequestForms(action));
    }
}
