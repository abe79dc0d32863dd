using System.Globalization;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class ContextTests : ClientTest
{
    [Fact]
    public async Task Context_EveryKindOfValue_ArrivesAsItIs()
    {
        var arrived = await SendAsync(new()
        {
            ["text"] = "a",
            ["truth"] = true,
            ["nothing"] = null,
            ["int"] = 3,
            ["long"] = 1L << 53,
            ["double"] = 0.5,
            ["decimal"] = 0.1m,
            ["nested"] = new Dictionary<string, object?> { ["deep"] = (byte)1 },
            ["list"] = new object?[] { "b", 2, new List<string> { "c" } },
            ["set"] = new HashSet<string> { "d" },
        });

        var expected = new Struct
        {
            Fields =
            {
                ["text"] = Value.ForString("a"),
                ["truth"] = Value.ForBool(true),
                ["nothing"] = Value.ForNull(),
                ["int"] = Value.ForNumber(3),
                ["long"] = Value.ForNumber(9007199254740992),
                ["double"] = Value.ForNumber(0.5),
                ["decimal"] = Value.ForNumber(0.1),
                ["nested"] = Value.ForStruct(new Struct { Fields = { ["deep"] = Value.ForNumber(1) } }),
                ["list"] = Value.ForList(Value.ForString("b"), Value.ForNumber(2), Value.ForList(Value.ForString("c"))),
                ["set"] = Value.ForList(Value.ForString("d")),
            },
        };
        Assert.Equal(expected, arrived);
    }

    [Fact]
    public async Task Context_NotGiven_IsAbsentOnTheWire() => Assert.Null(await SendAsync(null));

    public static TheoryData<string, string> RefusedValues => new()
    {
        { "guid", "Guid" }, { "date", "DateTimeOffset" }, { "object", "Object" }, { "map", "Dictionary`2" }, { "lazy", "WhereEnumerableIterator" },
        { "nan", "finite" }, { "infinity", "finite" }, { "big", "2^53" }, { "huge", "2^53" },
    };

    [Theory]
    [MemberData(nameof(RefusedValues))]
    public async Task Context_ValueWithoutAForm_IsRefusedByItsKey(string kind, string why)
    {
        object value = kind switch
        {
            "guid" => Guid.Empty,
            "date" => DateTimeOffset.UnixEpoch,
            "object" => new object(),
            "map" => new Dictionary<int, string>(),
            "lazy" => Lazily(),
            "nan" => double.NaN,
            "infinity" => float.PositiveInfinity,
            "big" => (1L << 53) + 1,
            _ => ulong.MaxValue,
        };
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        var error = await Assert.ThrowsAsync<ArgumentException>(() => SendAsync(new() { ["outer"] = new object?[] { null, new Dictionary<string, object?> { [kind] = value } } }));

        Assert.StartsWith($"`context.outer[1].{kind}`: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(kind == "lazy" ? "cannot be sent" : why, error.Message, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Context_ThatHoldsItself_IsRefused()
    {
        var circle = new Dictionary<string, object?>();
        circle["again"] = circle;

        var error = await Assert.ThrowsAsync<ArgumentException>(() => SendAsync(circle));

        Assert.Contains("holds itself", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Lazily()
    {
        yield return 1.ToString(CultureInfo.InvariantCulture);
    }

    private async Task<Struct?> SendAsync(Dictionary<string, object?>? context)
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());
        await Client().CheckAsync(new EnforceQuery { Action = "x", Context = context });
        return Cluster.Received<EnforceRequest>().Single().Context;
    }
}
