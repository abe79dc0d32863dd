using System.Text.Json;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

public sealed class PolicyVectorTests
{
    public static TheoryData<string, string[], bool> Vectors()
    {
        var vectors = new TheoryData<string, string[], bool>();
        foreach (var vector in Cases().Concat(Corners()))
        {
            var policies = vector.GetProperty("policies").EnumerateArray().Select(policy => policy.GetRawText()).ToArray();
            vectors.Add(vector.GetProperty("name").GetString()!, policies, vector.GetProperty("expect").TryGetProperty("error", out _));
        }

        return vectors;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Parse_ConformanceVector_IsRefusedExactlyWhenTheVectorSaysSo(string name, string[] policies, bool refused)
    {
        var results = policies.Select(PolicyParser.Parse).ToArray();

        Assert.True(refused == results.Any(result => !result.IsValid),
            $"{name}: {string.Join("; ", results.SelectMany(result => result.Diagnostics))}");
    }

    [Fact]
    public void Vectors_All_AreRead() => Assert.Equal(122, Cases().Count());

    internal static IEnumerable<JsonElement> Cases() => Read("policy-vectors.json");

    internal static IEnumerable<JsonElement> Corners() => Read("corner-vectors.json").Concat(Read("timed-vectors.json"));

    private static IEnumerable<JsonElement> Read(string file) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "conformance", file))).RootElement.EnumerateArray();
}
