using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using Xunit.Abstractions;

namespace ControlZero.Server.Tests.Hostile.Cost;

/// <summary>The documents that cost most to read and to compile: 16 MiB for either, the text itself (in UTF-16) aside.</summary>
public sealed class DocumentCostTests(ITestOutputHelper output)
{
    private static readonly Dictionary<string, string> Documents = new()
    {
        ["YAML: one long list"] = Fill("name: p\nrules: [{allow: [", "a,", "a]}]"),
        ["YAML: lists of nothing"] = Fill("name: p\nrules: [{allow: [", "[],", "a]}]"),
        ["YAML: rules that are wrong"] = Fill("name: p\nrules: [", "{x: 1},", "{}]"),
        ["YAML: keys twice"] = Fill("", "a: 1\n", ""),
        ["YAML: unknown keys"] = $"name: p\nrules: [{{allow: a}}]\n{Each(9_000, i => $"k{i}: 1\n")}",
        ["YAML: broken networks"] = $"name: p\nrules:\n{Each(150, _ => $"- deny: a\n  when: {{{Each(30, j => $"k{j}: {{cidr: 1.2.3.4/8}},")}a: b}}\n")}",
        ["YAML: broken patterns"] = $"name: p\nrules:\n{Each(150, i => $"- deny: [{Each(63, j => $"'[{i}.{j}*',")}a]\n")}",
        ["YAML: most conditions"] = $"name: p\nrules:\n{Each(150, _ => $"- deny: a\n  when: {{{Each(62, j => $"k{j}: b,")}a: b}}\n")}",
        ["YAML: most wildcards"] = $"name: p\nrules:\n{Each(150, i => $"- deny: [{Each(63, j => $"'*{i}.{j}*',")}a]\n")}",
        ["JSON: one long list"] = Fill("{\"name\":\"p\",\"rules\":[{\"allow\":[", "1,", "1]}]}"),
        ["JSON: rules that are wrong"] = Fill("{\"name\":\"p\",\"rules\":[", "{\"x\":1},", "{}]}"),
        ["JSON: keys twice"] = Fill("{", "\"a\":1,", "\"b\":1}"),
        ["JSON: long patterns"] = Patterns($"*{new string('a', 255)}"),
        ["JSON: classes"] = Patterns($"*{Many(63, "[ac]")}"),
        ["JSON: classes of what is not in them"] = Patterns($"*{Many(63, "[!a]")}"),
        ["JSON: a thousand rules"] = "{\"name\":\"p\",\"rules\":["
            + Each(999, i => $"{{\"allow\":\"llm.generate\",\"resource\":\"model/provider{i}/{new string('x', 190)}\"}},") + "{\"deny\":\"*\"}]}",
    };

    public static TheoryData<string> Names() => [.. Documents.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_OfTheWorstDocuments_StaysWithinWhatARequestMayCost(string name)
    {
        var text = Documents[name];
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(text), 1, Engine.Limits.PolicyMaxBytes);

        var cost = Cost.Of(() => PolicyParser.Parse(text));

        output.WriteLine($"{name}: {cost}");
        cost.AssertWithin(name, mebibytes: 16);
        if (PolicyParser.Parse(text).Document is { } document)
        {
            var compiled = Cost.Of(() => PolicySet.Create([CompiledPolicy.Compile(document, 1)], Effect.Deny).For("bot"));
            output.WriteLine($"{name}, compiled: {compiled}");
            compiled.AssertWithin(name, mebibytes: 16);
        }
    }

    [Theory]
    [InlineData("name: p\nrules: [{allow: [", "a, ", "a]}]", 2, 30_003)]
    [InlineData("{\"name\":\"p\",\n\"rules\":[{\"allow\":[", "\"a\",", "\"a\"]}]}", 2, 40_000)]
    public void Read_OfOneValueTooMany_SaysWhichAndWhatToDo(string head, string item, string tail, int line, int column)
    {
        // The document, its name, the rules, a rule and its list are values too.
        var most = Engine.Limits.PolicyMaxValues - 5 - 1;

        var atLimit = PolicyParser.Parse(head + Many(most, item) + tail);
        var over = PolicyParser.Parse(head + Many(most + 1, item) + tail);

        Assert.Equal("TOO_MANY", Assert.Single(atLimit.Diagnostics).Code);
        Assert.Equal(Engine.Limits.PolicyMaxValues, atLimit.Values);
        var finding = Assert.Single(over.Diagnostics);
        Assert.Equal(("POLICY_TOO_LARGE", line, column), (finding.Code, finding.Line, finding.Column));
        Assert.Contains("more than 10000 values", finding.Message, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Remedy);
    }

    private static string Patterns(string pattern) =>
        "{\"name\":\"p\",\"rules\":[" + Each(15, _ => $"{{\"deny\":\"*\",\"resource\":[{Each(63, _ => $"\"{pattern}\",")}\"a\"]}},") + "{\"deny\":\"*\"}]}";

    private static string Fill(string head, string item, string tail) =>
        head + Many((Engine.Limits.PolicyMaxBytes - head.Length - tail.Length) / item.Length, item) + tail;

    private static string Many(int count, string item) => string.Concat(Enumerable.Repeat(item, count));

    private static string Each(int count, Func<int, string> item) => string.Concat(Enumerable.Range(0, count).Select(item));
}
