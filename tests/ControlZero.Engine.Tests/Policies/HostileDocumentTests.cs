using System.Text;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Tests.Documents;

namespace ControlZero.Engine.Tests.Policies;

/// <summary>The rows of the hostile inputs that are policy documents. The rows describe their input in prose; here is what they mean.</summary>
public sealed class HostileDocumentTests
{
    private const string Rules = "rules: [{allow: a}]\n";

    private static readonly Dictionary<string, string[]> Documents = new()
    {
        ["G07"] = ["name: p\nrules: [{allow: a, when: {request.time: {weekdays: [mon], zone: Mars/Phobos}}}]"],
        ["H02"] = [Padded(Limits.PolicyMaxBytes + 1)],
        ["H06"] = [BillionLaughs()],
        ["H08"] = [$"name: p\n{Rules}{Rules}"],
        ["H09"] = ["name: p\nrules: [{deny: no}]", $"version: 1.0\nname: p\n{Rules}", "name: p\nrules: [{deny: on}]"],
        ["H12"] = [$"name: p\n{Rules}---\nname: q\n{Rules}", $"name: p\n{Rules}---\n"],
        ["H15"] = ["name: p\nrules: [{allow: a, denny: x}]"],
        ["H16"] = ["name: p\nrules: [{effect: maybe, action: a}]"],
        ["H17"] = ["name: p\nrules: [{deny: '[abc'}]"],
        ["H26"] = ["name: p\nrules: [{allow: '*'}, {deny: 'delete_*'}]"],
    };

    public static TheoryData<string> Rows() => [.. Documents.Keys];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Parse_HostileDocument_IsAnsweredAsItsRowSays(string id)
    {
        var row = HostileRow.Find(id);

        foreach (var document in Documents[id])
        {
            var result = PolicyParser.Parse(document);

            Assert.Equal(row.Expect == "OK", result.IsValid);
            Assert.Contains(row.Code, result.Diagnostics.Select(finding => finding.Code));
        }
    }

    [Fact]
    public void Rows_OfDocuments_AreAllCovered()
    {
        // Answered by the front door (size of the message, epochs) and not by the parser.
        string[] others = ["H03", "H30", "H31", "H32"];

        Assert.Equal(HostileRow.All().Select(row => row.Id).Where(id => id.StartsWith('H')).Except(others), Documents.Keys.Where(id => id.StartsWith('H')));
    }

    [Fact]
    public void Parse_DocumentOfExactlyTheLimit_IsAccepted()
    {
        var largest = Padded(Limits.PolicyMaxBytes);

        Assert.Equal(Limits.PolicyMaxBytes, Encoding.UTF8.GetByteCount(largest));
        Assert.True(PolicyParser.Parse(largest).IsValid);
    }

    [Theory]
    [InlineData("name: &a p\nrules: [{allow: *a}]", "YAML_ALIAS_FORBIDDEN,YAML_ALIAS_FORBIDDEN")]
    [InlineData("name: !!str p\nrules: [{allow: !x a}]", "YAML_TAG_FORBIDDEN,YAML_TAG_FORBIDDEN")]
    [InlineData("!!map\nname: p\nrules: [{allow: a}]", "YAML_TAG_FORBIDDEN")]
    [InlineData("? &k name\n: p\nrules: [{allow: a}]", "YAML_ALIAS_FORBIDDEN")]
    [InlineData("{\"name\": \"p\", \"rules\": [{\"allow\": \"a\", \"allow\": \"b\"}]}", "JSON_DUPLICATE_KEY")]
    [InlineData("name: p\nrules: [{allow: a, when: {k: x, k: z}}]", "YAML_DUPLICATE_KEY")]
    public void Parse_HiddenMeaning_IsRefused(string document, string expected) => Assert.Equal(expected, string.Join(",", Parsing.Codes(document)));

    private static string Padded(int bytes)
    {
        const string start = "name: p\nrules: [{allow: a}]\n# é";
        return start + new string('x', bytes - Encoding.UTF8.GetByteCount(start));
    }

    private static string BillionLaughs()
    {
        var document = new StringBuilder("a0: &a0 [lol]\n");
        for (var level = 1; level < 9; level++)
        {
            document.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n");
        }

        return document.Append("name: p\nrules: [{allow: *a8}]\n").ToString();
    }
}
