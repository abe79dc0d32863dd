using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Tests.Diagnostics;

public sealed class QuotedTests
{
    [Theory]
    [InlineData("plain é𝒳", "`plain é𝒳`")]
    [InlineData("", "``")]
    [InlineData("a`b", "`a\\u0060b`")]
    [InlineData("\u001b[31m\n", "`\\u001b[31m\\u000a`")]
    [InlineData("a\u202eb", "`a\\u202eb`")]
    [InlineData("\U000e0041", "`\\udb40\\udc41`")]
    public void Text_AnyInput_IsShownOnOneLineWithNothingHidden(string text, string expected) => Assert.Equal(expected, Quoted.Text(text));

    [Fact]
    public void Text_LoneSurrogate_IsEscaped() => Assert.Equal("`a\\ud800b`", Quoted.Text("a\ud800b"));

    [Fact]
    public void Text_LongInput_IsCutOff() => Assert.Equal($"`{new string('x', 80)}…`", Quoted.Text(new string('x', 81)));

    [Fact]
    public void Text_CutWithinASurrogatePair_EscapesTheHalf() => Assert.EndsWith("x\\ud835…`", Quoted.Text(new string('x', 79) + "𝒳y"), StringComparison.Ordinal);
}
