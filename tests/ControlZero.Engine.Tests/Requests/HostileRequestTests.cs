using System.Globalization;
using ControlZero.Engine.Context;
using ControlZero.Engine.Requests;
using ControlZero.Engine.Tests.Documents;

namespace ControlZero.Engine.Tests.Requests;

/// <summary>The rows of the hostile inputs that are fields of requests. The rows describe their input in prose; here is what they mean.</summary>
public sealed class HostileRequestTests
{
    private static readonly Dictionary<string, string[]> AgentIds = new()
    {
        ["C01"] = [""], ["C04"] = ["bot\n"], ["C05"] = ["bot\r\nX-Evil: 1"], ["C06"] = ["bot\0"], ["C07"] = ["bot\u007f", "\u0085"],
        ["C08"] = ["a/b"], ["C10"] = ["a#b"], ["C11"] = ["a?b"], ["C12"] = ["a_b", "a-b", "a.b"], ["C14"] = [".."], ["C15"] = ["../../etc/passwd"],
        ["C20"] = ["ｂｏｔ"], ["C21"] = ["bot\u200b"], ["C26"] = [new string('a', 128)], ["C27"] = [new string('a', 129)],
        ["C31"] = ["<script>alert(1)</script>"], ["C34"] = ["null", "undefined", "nan", "true"], ["C36"] = ["con", "nul", "aux"],
    };

    private static readonly Dictionary<string, string[]> Resources = new()
    {
        ["D04"] = ["model/openai/gpt-4/"], ["D07"] = ["model/./openai/gpt-4"], ["D08"] = ["model/x/../openai/gpt-4"], ["D09"] = ["model\\openai\\gpt-4"],
        ["D10"] = ["model%2Fopenai%2Fgpt-4"], ["D15"] = ["model/openai/gpt-4 "], ["D16"] = ["model/openai/gpt\u20114"], ["D17"] = ["model/openai/gpt–4"],
        ["D19"] = ["model/openai/gpt-４"], ["D20"] = ["model/op\u00adenai/gpt-4"], ["D22"] = ["\ufeffmodel/openai/gpt-4"], ["D23"] = ["model/openai/gpt-4-0613"],
        ["D24"] = ["model/openai/gpt-4:beta", "model/openai/gpt-4@2024"], ["D27"] = ["model/*", "model/openai/*"], ["D28"] = ["model/openai/[a-z]"],
        ["D31"] = ["file:///etc/shadow", "tool/file_read"], ["D33"] = ["http://169.254.169.254/latest/meta-data"], ["D37"] = [new string('a', 1024)],
    };

    private static readonly Dictionary<string, ContextValue[]> Contexts = new()
    {
        ["F02"] = [Field(new string('k', 129))],
        ["F03"] = [Field("")],
        ["F04"] = [Field("tenant_id"), Field("agent_id"), Field("czc.x")],
        ["F06"] = [ContextSyntaxTests.Total(17, 3914)],
        ["F07"] = [ContextSyntaxTests.Object(("k", ContextSyntaxTests.Nested(100_000)))],
        ["F09"] = [ContextSyntaxTests.Object(("role", ContextValue.Of("user")), ("ROLE", ContextValue.Of("admin")))],
        ["F13"] = [ContextSyntaxTests.Object([.. Enumerable.Range(0, 10_000).Select(number => ($"k{number}", ContextValue.Null))])],
    };

    public static TheoryData<string> Rows() => [.. AgentIds.Keys, .. Resources.Keys, .. Contexts.Keys, "C38", "D43", "G09"];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Check_HostileField_IsAnsweredAsItsRowSays(string id)
    {
        var row = HostileRow.Find(id);
        var refused = row.Expect.StartsWith("INVALID_ARGUMENT", StringComparison.Ordinal);

        foreach (var fault in Faults(id))
        {
            Assert.Equal(refused ? row.Code : null, fault?.Code);
            foreach (var figure in row.Shape.Split(' ').Skip(1))
            {
                var (name, value) = (figure.Split('=')[0], long.Parse(figure.Split('=')[1], CultureInfo.InvariantCulture));
                Assert.Equal(value, name == "limit" ? fault!.Limit : fault!.Actual);
            }
        }
    }

    [Fact]
    public void Rows_OfRequestFields_AreAllCovered()
    {
        // C28 is refused by the size of the message, C35 has two answers (below), C39 is about stored policies, F10 to F12 never become a
        // value, F17 to F19 are headers.
        string[] others = ["C28", "C35", "C39", "F10", "F11", "F12", "F17", "F18", "F19"];

        var rows = HostileRow.All().Select(row => row.Id).Where(id => id[0] is 'C' or 'D' or 'F').Except(others);

        Assert.Equal(rows.Order(StringComparer.Ordinal), AgentIds.Keys.Concat(Resources.Keys).Concat(Contexts.Keys).Append("C38").Append("D43").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void CheckAgentId_NamesOfTheJavaScriptPrototype_AreJustNames()
    {
        Assert.Equal(FaultCodes.IdSyntax, RequestSyntax.CheckAgentId("__proto__")?.Code);
        Assert.Null(RequestSyntax.CheckAgentId("constructor"));
    }

    private static IEnumerable<FieldFault?> Faults(string id) => id switch
    {
        "C38" => [RequestSyntax.CheckTenantId("*")],
        "D43" => [RequestSyntax.CheckAction(new string('a', 257))],
        // An absent request id is not held against anything; the server makes one, and that one must pass.
        "G09" => [RequestSyntax.CheckRequestId("01J00000000000000000000000")],
        _ when AgentIds.TryGetValue(id, out var ids) => ids.Select(RequestSyntax.CheckAgentId),
        _ when Resources.TryGetValue(id, out var resources) => resources.Select(RequestSyntax.CheckResource),
        _ => Contexts[id].Select(RequestSyntax.CheckContext),
    };

    private static ContextValue Field(string name) => ContextSyntaxTests.Object((name, ContextValue.Of("x")));
}
