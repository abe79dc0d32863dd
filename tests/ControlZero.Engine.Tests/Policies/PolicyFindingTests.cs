using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

public sealed class PolicyFindingTests
{
    [Fact]
    public void Parse_SeveralMistakesInYaml_ReportsAllOfThemSortedByPosition()
    {
        const string text = """
            name: " p"
            prority: 5
            rules:
              - effect: permit
                action: [llm.generate, "x "]
                actions: llm.generate
              - deny: no
              - allow: "[a"
                condition: {tier: gold}
                when: {age: {gt: "3", like: x}, agent.label.team: a}
            """;

        Assert.Equal(
            [
                "1:7 NAME_SYNTAX name: name ` p` begins or ends with white space | use `p`",
                "2:1 UNKNOWN_FIELD prority: a policy has no field `prority` | did you mean `priority`?",
                "4:13 RULE_EFFECT_UNKNOWN rules[0].effect: `effect` cannot be `permit` | did you mean `allow`?",
                "5:28 PATTERN_SYNTAX rules[0].action[1]: the pattern `x ` begins or ends with white space | use `x`",
                "6:5 SAID_TWICE rules[0].actions: a rule says `action` and `actions` | keep one of the two, with everything in it; `actions` takes the same as `action`",
                "7:11 FIELD_TYPE rules[1].deny: `deny` must be a text, and `no` is none without quotes | quote it: \"no\"",
                "9:5 UNKNOWN_FIELD rules[2].condition: a rule has no field `condition` | did you mean `conditions`?",
                "10:22 OPERAND_INVALID rules[2].when.age.gt: `gt` takes a number | write a number without quotes; only `request.time` is compared with instants",
                "10:27 OPERATOR_UNKNOWN rules[2].when.age.like: there is no operator `like` | did you mean `glob`?",
                "10:37 CONDITION_KEY rules[2].when[\"agent.label.team\"]: the condition key `agent.label.team` is reserved and does not exist | did you mean `agent.labels.NAME`?",
            ],
            Lines(text).Where(line => !line.Contains("rules[2].allow", StringComparison.Ordinal)));
        Assert.Contains(Lines(text), line => line.StartsWith("8:12 PATTERN_SYNTAX rules[2].allow: the pattern `[a` is broken: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_SeveralMistakesInJson_ReportsAllOfThemSortedByPosition()
    {
        const string text = """
            {
              "name": "", "version": 2,
              "rules": [
                {"effect": "allow"},
                {"allow": "é𝒳", "name": 7, "deny": []}, null
              ],
              "rules": []
            }
            """;

        Assert.Equal(
            [
                "2:11 FIELD_REQUIRED name: name is missing or empty | a policy needs a name",
                "2:26 VERSION_UNKNOWN version: the document version `2` is not known here | write `version: \"1\"`, or leave it out",
                "4:5 FIELD_REQUIRED rules[0].action: a rule has an `effect` and no `action` | write `effect` and `action`, or `allow`, or `deny`",
                "5:5 RULE_SHAPE rules[1]: a rule says `allow` and `deny` | make two rules of it",
                "5:30 FIELD_TYPE rules[1].name: `name` must be a text, and `7` is none without quotes | quote it: \"7\"",
                "5:41 EMPTY_LIST rules[1].deny: `deny` is an empty list | name at least one, or leave the field out",
                "5:46 FIELD_TYPE rules[2]: a rule must be an object of named values | write it as `key: value` lines, or between braces in JSON",
                "7:3 JSON_DUPLICATE_KEY rules: the key `rules` stands here twice | keep one of the two",
            ],
            Lines(text));
    }

    [Theory]
    [InlineData("{\n  \"name\": \"p\",\n}", "3:1 SYNTAX : this is not JSON: it has `}` here")]
    [InlineData("{\"name\": // x\n 1}", "1:10 SYNTAX : this is not JSON: it has `/` here")]
    [InlineData("{\"é𝒳\": x}", "1:9 SYNTAX : this is not JSON: it has `x` here")]
    [InlineData("{\"name\"", "1:8 SYNTAX : this is not JSON: it has an early end here")]
    [InlineData("{} {}", "1:4 SYNTAX : this is not JSON: it has `{` here")]
    [InlineData("{\"a\": \"\\ud800\"}", "1:7 SYNTAX : this is not JSON: it has half a surrogate pair here")]
    [InlineData("{\"\\udc00\": 1}", "1:2 SYNTAX : this is not JSON: it has half a surrogate pair here")]
    [InlineData("name: p\nrules: \"a\u0000b\"", "2:10 SYNTAX : the character U+0000 is not allowed in YAML text")]
    [InlineData("name: p # x\u2028rules: []", "1:12 SYNTAX : the character U+2028 is not allowed in YAML text")]
    [InlineData("", "0:0 FIELD_REQUIRED : the document is empty")]
    [InlineData("# only a remark\n", "0:0 FIELD_REQUIRED : the document is empty")]
    [InlineData("- a", "1:1 FIELD_TYPE : a policy must be an object of named values")]
    public void Parse_TextThatIsNoDocument_SaysWhereAndWhy(string text, string expected) =>
        Assert.Equal(expected, Assert.Single(Lines(text)).Split(" | ")[0]);

    [Fact]
    public void Parse_HalfASurrogatePair_IsRefusedInBothLanguages()
    {
        Assert.StartsWith("1:8 SYNTAX : this is not JSON: it has half a surrogate pair here", Assert.Single(Lines("{\"a\": \"\ud800\"}")), StringComparison.Ordinal);
        Assert.StartsWith("1:7 SYNTAX : the character U+DC00 is not allowed in YAML text", Assert.Single(Lines("name: \udc00")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: p\nrules:\n\t- allow: a", "2:6 SYNTAX : this is not YAML: while scanning a mapping, found invalid tab as indentation")]
    [InlineData("name: p\nrules:\n  - allow: a\n deny: b", "4:2 SYNTAX : this is not YAML: while parsing a block mapping, did not find expected key")]
    [InlineData("name: p\nreason: \"abc\nrules: x\n", "3:1 SYNTAX : this is not YAML: while scanning a multi-line double-quoted scalar, found wrong indentation")]
    // This one trips an assertion of the library's own.
    [InlineData("name: p\nrules:\n  - allow: [a\n  - b: c", "3:12 SYNTAX : this is not YAML: it cannot be read after this place")]
    public void Parse_BrokenYaml_SaysWhereAndWhy(string text, string expected) => Assert.Equal(expected, Assert.Single(Lines(text)).Split(" | ")[0]);

    [Theory]
    [InlineData("name: p\nrules: [{allow: *}]", "between quotes: \"*\"")]
    [InlineData("name: p\nrules: [{allow: a, resource: *-mini}]", "put a pattern that begins with `*` between quotes")]
    public void Parse_YamlPatternThatBeginsWithAStar_AsksForQuotes(string text, string remedy) =>
        Assert.Contains(remedy, Lines(text).First().Split(" | ")[1], StringComparison.Ordinal);

    [Fact]
    public void Parse_MoreFindingsThanAreListed_CountsTheRest()
    {
        var fields = string.Concat(Enumerable.Range(0, 600).Select(number => $"unknown{number}: 1\n"));

        var result = PolicyParser.Parse("name: p\nrules: [{allow: a}]\n" + fields);

        Assert.False(result.IsValid);
        Assert.Equal(501, result.Diagnostics.Length);
        Assert.Equal("100 more findings are not listed; 500 are", result.Diagnostics[^1].Message);
    }

    [Fact]
    public void Parse_InputWithControlCharacters_ShowsThemEscapedAndShort()
    {
        var message = Assert.Single(PolicyParser.Parse($$"""{"name": "p", "rules": [{"allow": "a"}], "\u001b[31m`{{new string('x', 500)}}": 1}""").Diagnostics).Message;

        Assert.StartsWith("a policy has no field `\\u001b[31m\\u0060xxx", message, StringComparison.Ordinal);
        Assert.True(message.Length < 150, message);
    }

    private static IEnumerable<string> Lines(string text) => PolicyParser.Parse(text).Diagnostics
        .Select(finding => $"{finding.Line}:{finding.Column} {finding.Code} {finding.Path}: {finding.Message} | {finding.Remedy}");
}
