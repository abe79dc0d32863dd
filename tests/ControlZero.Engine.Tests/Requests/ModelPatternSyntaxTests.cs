using ControlZero.Engine.Requests;

namespace ControlZero.Engine.Tests.Requests;

public sealed class ModelPatternSyntaxTests
{
    [Theory]
    [InlineData("model/openai/gpt-4")]
    [InlineData("model/openai/gpt-4:free")]
    [InlineData("model/openai/*")]
    [InlineData("model/*")]
    [InlineData("model/openai/gpt-[34]*")]
    public void CheckModelPattern_OfOneThatAModelCanMatch_FindsNothing(string pattern) => Assert.Null(RequestSyntax.CheckModelPattern(pattern));

    [Theory]
    [InlineData("", FaultCodes.FieldRequired, "give a model or a pattern over models: `model/openai/gpt-4`, `model/openai/*`")]
    [InlineData("openai/gpt-4", FaultCodes.PatternSyntax, "write `model/openai/gpt-4`, if that is what is meant")]
    [InlineData("Model/openai/gpt-4", FaultCodes.PatternSyntax, "write `model/openai/gpt-4`, if that is what is meant")]
    [InlineData("/model/x", FaultCodes.PatternSyntax, "write `model/x`, if that is what is meant")]
    [InlineData("*", FaultCodes.PatternSyntax, "write `model/*`, if that is what is meant")]
    [InlineData("model/", FaultCodes.PatternSyntax, "name it as requests do")]
    [InlineData("model/a//b", FaultCodes.PatternSyntax, "name it as requests do")]
    [InlineData("model/a/", FaultCodes.PatternSyntax, "name it as requests do")]
    [InlineData("model/a b", FaultCodes.PatternSyntax, "name it as requests do")]
    [InlineData("model/ä", FaultCodes.PatternSyntax, "name it as requests do")]
    [InlineData("model/a\u202eb", FaultCodes.PatternSyntax, "name it as requests do")]
    [InlineData("model/[a", FaultCodes.PatternSyntax, "close every class, and write a literal `[` as `[[]`")]
    [InlineData("model/[z-a]", FaultCodes.PatternSyntax, "close every class, and write a literal `[` as `[[]`")]
    public void CheckModelPattern_OfOneThatStopsNothing_SaysWhatToWrite(string pattern, string code, string remedy)
    {
        var fault = RequestSyntax.CheckModelPattern(pattern);

        Assert.Equal(("model", code, remedy), (fault!.Field, fault.Code, fault.Remedy));
    }

    [Fact]
    public void CheckModelPattern_AtAndOverTheLimit()
    {
        var longest = "model/" + new string('a', Limits.PatternMaxLength - 6);

        Assert.Null(RequestSyntax.CheckModelPattern(longest));
        Assert.Equal(Limits.PatternMaxLength, RequestSyntax.CheckModelPattern(longest + "a")!.Limit);
    }
}
