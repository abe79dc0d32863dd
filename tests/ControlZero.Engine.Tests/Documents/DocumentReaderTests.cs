using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Tests.Documents;

public sealed class DocumentReaderTests
{
    [Theory]
    [InlineData("{\n  \"é𝒳\": {\"b\": [1,\r\n    \"x\"]}\n}")]
    [InlineData("\ufeff{\n  \"é𝒳\": {\"b\": [1,\r\n    \"x\"]}\n}")]
    public void Read_Json_GivesEveryValueItsPlace(string text)
    {
        Assert.Equal(["1:1 ", "2:10 [\"é𝒳\"]", "2:16 [\"é𝒳\"].b", "2:17 [\"é𝒳\"].b[0]", "3:5 [\"é𝒳\"].b[1]"], Places(Read(text)));
    }

    [Fact]
    public void Read_Yaml_GivesEveryValueItsPlace() =>
        Assert.Equal(["2:1 ", "2:4 a", "3:6 [\"é𝒳\"]", "3:10 [\"é𝒳\"].b", "4:8 [\"é𝒳\"].b[0]"], Places(Read("# remark\na: x\né𝒳: {b: [\n       y]}\n")));

    [Theory]
    [InlineData("yes", NodeKind.Ambiguous)]
    [InlineData("No", NodeKind.Ambiguous)]
    [InlineData("ON", NodeKind.Ambiguous)]
    [InlineData("off", NodeKind.Ambiguous)]
    [InlineData("y", NodeKind.Ambiguous)]
    [InlineData("N", NodeKind.Ambiguous)]
    [InlineData("012", NodeKind.Ambiguous)]
    [InlineData("-0x1F", NodeKind.Ambiguous)]
    [InlineData("0o17", NodeKind.Ambiguous)]
    [InlineData("1_000", NodeKind.Ambiguous)]
    [InlineData(".inf", NodeKind.Ambiguous)]
    [InlineData("-.INF", NodeKind.Ambiguous)]
    [InlineData(".NaN", NodeKind.Ambiguous)]
    [InlineData("", NodeKind.Null)]
    [InlineData("~", NodeKind.Null)]
    [InlineData("Null", NodeKind.Null)]
    [InlineData("TRUE", NodeKind.Boolean)]
    [InlineData("False", NodeKind.Boolean)]
    [InlineData("0", NodeKind.Number)]
    [InlineData("-1.5e-3", NodeKind.Number)]
    [InlineData("+.5", NodeKind.Number)]
    [InlineData("09:30", NodeKind.Text)]
    [InlineData("2026-01-31", NodeKind.Text)]
    [InlineData("1.2.3", NodeKind.Text)]
    [InlineData("nULL", NodeKind.Text)]
    [InlineData("e5", NodeKind.Text)]
    [InlineData("0xZZ", NodeKind.Text)]
    [InlineData("nope", NodeKind.Text)]
    public void Read_PlainYamlScalar_IsWhatTheCoreSchemaSaysOrAmbiguous(string scalar, object kind) =>
        Assert.Equal(kind, Read($"k: {scalar}\n").Find("k")!.Kind);

    [Theory]
    [InlineData("'no'")]
    [InlineData("\"5\"")]
    [InlineData("|\n  true\n")]
    public void Read_QuotedYamlScalar_IsText(string scalar) => Assert.Equal(NodeKind.Text, Read($"k: {scalar}").Find("k")!.Kind);

    [Theory]
    [InlineData("{\"k\": ", "[", "]", "}")]
    [InlineData("k: ", "[", "]", "")]
    [InlineData("{\"k\": ", "{\"a\":", "}", "}")]
    [InlineData("k: ", "{a: ", "}", "")]
    public void Read_Nesting_IsBoundedInBothLanguages(string start, string open, string close, string end)
    {
        var findings = new FindingList();

        Assert.NotNull(DocumentReader.Read(Nest(15), findings));
        Assert.False(findings.HasErrors);
        Assert.Null(DocumentReader.Read(Nest(16), findings));
        Assert.Equal(DiagnosticCodes.PolicyTooLarge, Assert.Single(findings.ToSorted()).Code);

        string Nest(int levels) => start + string.Concat(Enumerable.Repeat(open, levels)) + "1" + string.Concat(Enumerable.Repeat(close, levels)) + end;
    }

    private static DocumentNode Read(string text)
    {
        var findings = new FindingList();
        var root = DocumentReader.Read(text, findings);
        Assert.Empty(findings.ToSorted());
        return root!;
    }

    private static IEnumerable<string> Places(DocumentNode node) =>
        node.Fields.Select(field => field.Value).Concat(node.Items).SelectMany(Places).Prepend($"{node.Line}:{node.Column} {node.Path}");
}
