using ControlZero.Engine.Requests;

namespace ControlZero.Engine.Tests.Requests;

public sealed class RequestSyntaxTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("a_b")]
    [InlineData("team:bot@host.example-1")]
    [InlineData("a..b")]
    public void CheckAgentId_WellFormed_IsFine(string id) => Assert.Null(RequestSyntax.CheckAgentId(id));

    [Theory]
    [InlineData("Bot", "use `bot`, if that is what is meant")]
    [InlineData(" bot ", "use `bot`, if that is what is meant")]
    [InlineData("My Bot/7", "use `my-bot-7`, if that is what is meant")]
    [InlineData("_x", "use `x`, if that is what is meant")]
    [InlineData("..", "use another id")]
    public void CheckAgentId_Malformed_OffersTheCorrectedSpelling(string id, string remedy)
    {
        var fault = RequestSyntax.CheckAgentId(id);

        Assert.Equal(("agent_id", FaultCodes.IdSyntax, remedy), (fault?.Field, fault?.Code, fault?.Remedy));
        Assert.Contains("`[a-z0-9][a-z0-9._:@-]{0,127}`", fault!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("default", null)]
    [InlineData("a-1", null)]
    [InlineData("", FaultCodes.FieldRequired)]
    [InlineData("*", FaultCodes.IdSyntax)]
    [InlineData("a_b", FaultCodes.IdSyntax)]
    [InlineData("a.b", FaultCodes.IdSyntax)]
    [InlineData("-a", FaultCodes.IdSyntax)]
    public void CheckTenantId_Cases_AreAnsweredWith(string id, string? code) => Assert.Equal(code, RequestSyntax.CheckTenantId(id)?.Code);

    [Theory]
    [InlineData(63, null)]
    [InlineData(64, FaultCodes.IdTooLong)]
    public void CheckTenantId_Length_IsBounded(int length, string? code) => Assert.Equal(code, RequestSyntax.CheckTenantId(new string('t', length))?.Code);

    [Theory]
    [InlineData("", FaultCodes.FieldRequired)]
    [InlineData(" ~", null)]
    [InlineData("a\tb", FaultCodes.RequestIdSyntax)]
    [InlineData("\u007f", FaultCodes.RequestIdSyntax)]
    [InlineData("é", FaultCodes.RequestIdSyntax)]
    public void CheckRequestId_Cases_AreAnsweredWith(string id, string? code) => Assert.Equal(code, RequestSyntax.CheckRequestId(id)?.Code);

    [Theory]
    [InlineData(255, null)]
    [InlineData(256, FaultCodes.RequestIdTooLong)]
    public void CheckRequestId_Length_IsBounded(int length, string? code) => Assert.Equal(code, RequestSyntax.CheckRequestId(new string('r', length))?.Code);

    [Theory]
    [InlineData("llm.generate")]
    [InlineData("github:list_issues")]
    [InlineData("delete_file")]
    [InlineData("a:b:")]
    [InlineData("a.b.")]
    [InlineData(".a:b")]
    [InlineData("outil:créer")]
    public void CheckAction_WellFormed_IsFine(string action) => Assert.Null(RequestSyntax.CheckAction(action));

    [Theory]
    [InlineData("", FaultCodes.FieldRequired)]
    [InlineData(":x", FaultCodes.ActionSyntax)]
    [InlineData("x:", FaultCodes.ActionSyntax)]
    [InlineData(":", FaultCodes.ActionSyntax)]
    [InlineData(".x", FaultCodes.ActionSyntax)]
    [InlineData("x.", FaultCodes.ActionSyntax)]
    [InlineData("a b", FaultCodes.ActionSyntax)]
    [InlineData("a\u00a0b", FaultCodes.ActionSyntax)]
    [InlineData("a*", FaultCodes.ActionSyntax)]
    [InlineData("a?", FaultCodes.ActionSyntax)]
    [InlineData("a[", FaultCodes.ActionSyntax)]
    [InlineData("a]", FaultCodes.ActionSyntax)]
    [InlineData("a\u0000", FaultCodes.ActionSyntax)]
    [InlineData("a\u200b", FaultCodes.ActionSyntax)]
    [InlineData("a\u202eb", FaultCodes.ActionSyntax)]
    public void CheckAction_Malformed_IsRefused(string action, string code) => Assert.Equal(("action", code), Named(RequestSyntax.CheckAction(action)));

    [Fact]
    public void CheckAction_Length_CountsBytesOfUtf8()
    {
        Assert.Null(RequestSyntax.CheckAction(new string('é', 128)));
        Assert.Equal((256L, 258L), Measured(RequestSyntax.CheckAction(new string('é', 129))));
    }

    [Fact]
    public void CheckActionAndResource_LoneSurrogate_IsRefused()
    {
        Assert.Equal(FaultCodes.ActionSyntax, RequestSyntax.CheckAction("a\ud800")?.Code);
        Assert.Equal(FaultCodes.ResourceSyntax, RequestSyntax.CheckResource("a\udc00b")?.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("db/prod tables")]
    [InlineData("C:\\data\\100%")]
    [InlineData("/etc/passwd/")]
    [InlineData("a[0]?x=1")]
    [InlineData("model")]
    [InlineData("models/x")]
    [InlineData("model/a")]
    [InlineData("model/a/b:free@1.5~x...")]
    public void CheckResource_WellFormed_IsFine(string resource) => Assert.Null(RequestSyntax.CheckResource(resource));

    [Theory]
    [InlineData("model/")]
    [InlineData("model//a")]
    [InlineData("model/a?")]
    [InlineData("model/a]")]
    [InlineData("model/%61")]
    [InlineData("model/..")]
    [InlineData("db/*")]
    [InlineData("db\n")]
    [InlineData("db\u200d")]
    public void CheckResource_Malformed_IsRefused(string resource) => Assert.Equal(("resource", FaultCodes.ResourceSyntax), Named(RequestSyntax.CheckResource(resource)));

    [Theory]
    [InlineData("Model/a", "write `model/a`")]
    [InlineData("MODEL/A", "write `model/A`")]
    [InlineData("/model/a", "write `model/a`")]
    [InlineData("//Model/a", "write `model/a`")]
    [InlineData(" model/a", "write `model/a`")]
    [InlineData("model\\a", "write `model/a`")]
    [InlineData("model%2fa", "write `model/a`")]
    [InlineData("Model%5Ca", "write `model/a`")]
    public void CheckResource_WhatPassesForAModel_IsRefusedWithTheRightSpelling(string resource, string remedy)
    {
        var fault = RequestSyntax.CheckResource(resource);

        Assert.Equal((FaultCodes.ResourceSyntax, remedy), (fault?.Code, fault?.Remedy));
    }

    [Fact]
    public void CheckResource_Length_CountsBytesOfUtf8()
    {
        Assert.Null(RequestSyntax.CheckResource(new string('é', 512)));
        Assert.Equal((1024L, 1026L), Measured(RequestSyntax.CheckResource(new string('é', 513))));
    }

    [Theory]
    [InlineData("*", true)]
    [InlineData("bot-[0-9]*", true)]
    [InlineData("", false)]
    [InlineData("a ", false)]
    [InlineData("[a", false)]
    public void CheckAgentPattern_Cases_AreAnsweredWith(string pattern, bool accepted) =>
        Assert.Equal(accepted ? null : FaultCodes.PatternSyntax, RequestSyntax.CheckAgentPattern(pattern)?.Code);

    [Fact]
    public void CheckAgentPattern_Length_IsBounded()
    {
        Assert.Null(RequestSyntax.CheckAgentPattern(new string('a', 256)));
        Assert.Equal((256L, 257L), Measured(RequestSyntax.CheckAgentPattern(new string('a', 257))));
    }

    [Theory]
    [InlineData("team", "a b", null)]
    [InlineData("gen_ai.team-1", "", null)]
    [InlineData("", "x", FaultCodes.LabelKeySyntax)]
    [InlineData("Team", "x", FaultCodes.LabelKeySyntax)]
    [InlineData(".a", "x", FaultCodes.LabelKeySyntax)]
    [InlineData("a", "x\n", FaultCodes.LabelValueSyntax)]
    public void CheckLabels_Cases_AreAnsweredWith(string key, string value, string? code) =>
        Assert.Equal(code, RequestSyntax.CheckLabels([new(key, value)])?.Code);

    [Fact]
    public void CheckLabels_Limits_AreExactAndNamed()
    {
        Assert.Null(RequestSyntax.CheckLabels(Labels(64)));
        Assert.Equal((64L, 65L), Measured(RequestSyntax.CheckLabels(Labels(65))));
        Assert.Null(RequestSyntax.CheckLabels([new(new string('k', 63), new string('é', 128))]));
        Assert.Equal((63L, 64L), Measured(RequestSyntax.CheckLabels([new(new string('k', 64), "")])));
        Assert.Equal((256L, 257L), Measured(RequestSyntax.CheckLabels([new("k", new string('v', 257))])));
        Assert.Equal(FaultCodes.LabelKeyTwice, RequestSyntax.CheckLabels([new("k", "a"), new("k", "b")])?.Code);
    }

    private static IEnumerable<KeyValuePair<string, string>> Labels(int count) =>
        Enumerable.Range(0, count).Select(number => KeyValuePair.Create($"k{number}", "v"));

    private static (string? Field, string? Code) Named(FieldFault? fault) => (fault?.Field, fault?.Code);

    private static (long? Limit, long? Actual) Measured(FieldFault? fault) => (fault?.Limit, fault?.Actual);
}
