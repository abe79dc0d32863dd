using ControlZero.Engine.Context;
using ControlZero.Engine.Requests;

namespace ControlZero.Engine.Tests.Requests;

public sealed class ContextSyntaxTests
{
    [Fact]
    public void CheckContext_PlainObject_IsFine()
    {
        var nested = Object(("agent_id", ContextValue.Of("nested keys are the caller's own")), ("n", ContextValue.Null));

        Assert.Null(RequestSyntax.CheckContext(Object(("role", ContextValue.Of("user")), ("ROLE", ContextValue.Of(1.5)), ("gen_ai.model", nested), ("agents", ContextValue.True))));
        Assert.Null(RequestSyntax.CheckContext(ContextValue.Empty));
    }

    [Theory]
    [InlineData("agent_id")]
    [InlineData("tenant_id")]
    [InlineData("agent")]
    [InlineData("agent.labels.team")]
    [InlineData("request")]
    [InlineData("request.time")]
    [InlineData("estimate")]
    [InlineData("estimate.cost_usd")]
    [InlineData("cz")]
    [InlineData("cz.x")]
    [InlineData("czc.x")]
    public void CheckContext_ReservedKeyAtTheTop_IsRefused(string key) =>
        Assert.Equal(($"context.{key}", FaultCodes.ContextReserved), Named(RequestSyntax.CheckContext(Object((key, ContextValue.Of("x"))))));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void CheckContext_NumberThatIsNotFinite_IsRefused(double number) =>
        Assert.Equal(("context.a.b[0]", FaultCodes.ContextNumber),
            Named(RequestSyntax.CheckContext(Object(("a", Object(("b", ContextValue.List([ContextValue.Of(number)]))))))));

    [Fact]
    public void CheckContext_NoObject_IsRefused() => Assert.Equal(("context", FaultCodes.FieldType), Named(RequestSyntax.CheckContext(ContextValue.Of("x"))));

    [Theory]
    [InlineData("")]
    [InlineData("a\u0000")]
    [InlineData("a\u0085")]
    public void CheckContext_MalformedKey_IsRefused(string key) =>
        Assert.Equal(FaultCodes.ContextKeySyntax, RequestSyntax.CheckContext(Object(("a", Object((key, ContextValue.Null)))))?.Code);

    [Fact]
    public void CheckContext_Keys_AreBounded()
    {
        Assert.Null(RequestSyntax.CheckContext(Object((new string('k', 128), ContextValue.Null))));
        AssertExceeded(FaultCodes.ContextKeyTooLong, 128, 129, Object((new string('k', 129), ContextValue.Null)));
    }

    [Fact]
    public void CheckContext_Values_AreBoundedInBytesOfUtf8()
    {
        Assert.Null(RequestSyntax.CheckContext(Object(("k", ContextValue.Of(new string('é', 2048))))));
        AssertExceeded(FaultCodes.ContextValueTooLarge, 4096, 4098, Object(("k", ContextValue.Of(new string('é', 2049)))));
    }

    [Fact]
    public void CheckContext_Entries_AreCountedOverAllLevels()
    {
        Assert.Null(RequestSyntax.CheckContext(Object(("list", Items(62)), ("k", ContextValue.Null))));
        AssertExceeded(FaultCodes.ContextTooMany, 64, 65, Object(("list", Items(63)), ("k", ContextValue.Null)));
    }

    [Fact]
    public void CheckContext_Total_CountsKeysAndValues()
    {
        // Sixteen values and sixteen keys of two bytes: 16 x (4094 + 2) is the limit to the byte.
        Assert.Null(RequestSyntax.CheckContext(Total(16, 4094)));
        AssertExceeded(FaultCodes.ContextTooLarge, 65_536, 65_552, Total(16, 4095));
    }

    [Fact]
    public void CheckContext_Depth_CountsFromOneAtTheTop()
    {
        Assert.Null(RequestSyntax.CheckContext(Object(("k", Nested(15)))));
        AssertExceeded(FaultCodes.ContextTooDeep, 16, 17, Object(("k", Nested(16))));
    }

    internal static ContextValue Object(params (string Name, ContextValue Value)[] fields) =>
        ContextValue.Of([.. fields.Select(field => new ContextField(field.Name, field.Value))]);

    internal static ContextValue Items(int count) => ContextValue.List([.. Enumerable.Repeat(ContextValue.True, count)]);

    internal static ContextValue Total(int count, int length) =>
        Object([.. Enumerable.Range(10, count).Select(number => ($"{number}", ContextValue.Of(new string('v', length))))]);

    /// <summary>A value within as many lists.</summary>
    internal static ContextValue Nested(int lists) => Enumerable.Range(0, lists).Aggregate(ContextValue.True, (inner, _) => ContextValue.List([inner]));

    private static void AssertExceeded(string code, long limit, long actual, ContextValue context)
    {
        var fault = RequestSyntax.CheckContext(context);

        Assert.Equal((code, limit, actual), (fault?.Code, fault?.Limit, fault?.Actual));
    }

    private static (string? Field, string? Code) Named(FieldFault? fault) => (fault?.Field, fault?.Code);
}
