using System.Text;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Policies;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Fuzz;

/// <summary>Everything that is fuzzed.</summary>
internal static class Targets
{
    private const string Json = """
        {"name":"p","version":"1","agents":["a*","b"],"rules":[{"effect":"allow","action":["a.b","c:*"],"resource":"model/[a-z]*","when":{"k":{"gt":1.5,"in":[1,"a"]},"l":"x*"}},{"deny":"*"}]}
        """;

    private const string Yaml = """
        name: p
        rules:
          - deny: 'x:*'
            when:
              request.time: {between: ['22:00', '06:00'], zone: Europe/Berlin, weekdays: [mon]}
              agent.labels.team: {not: [a, b]}
              ip: {cidr: 10.0.0.0/8}
          - allow: |
              a
            obligations: [{name: n, parameters: {a: [1, ~, true]}}]
        """;

    private static readonly ClientIdentity Caller = new(new KeyRecord
    {
        Id = KeyId.Parse("AAAAAAAAAAAA"),
        Hash = "",
        Tenant = TenantId.Parse("fuzz"),
        Name = "fuzz",
        Scopes = [Scopes.Admin],
        Agents = [],
        CreatedAt = DateTimeOffset.UnixEpoch,
        CreatedBy = "",
    });

    private static readonly TenantManifest Tenant = new()
    {
        Tenant = TenantId.Parse("fuzz"),
        Settings = new TenantSettings(),
        Epoch = 0,
        Policies = [],
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    public static IReadOnlyList<Target> All { get; } =
    [
        new("parser", Texts(Json, Yaml), Texts("{", "}", "[", "]", ":", ",", "- ", "\n  ", "\"", "'", "|", ">", "&a ", "*a", "!t ", "---\n", "#", "\\u0000", "\\", "é", "null", "1e9", "\t", "? ", "%", "~"),
            input => PolicyParser.Parse(Encoding.UTF8.GetString(input))),
        new("evaluator", Texts($"{Json}\0c:x\0model/abc\0x1", $"{Yaml}\0x:y\0r\0" + "10.1.2.3"), Texts("*", "?", "[a-z]", "[!a]", "\0", "a", "\"deny\":", "\"allow\":", ".", ":", "/"), Evaluate),
        new("glob", Texts("*a*b\0aaaab", "[!a-z]?*\0Abc", "model/*\0model/x"), Texts("*", "?", "[", "]", "!", "^", "-", "a", "\0", "\U0001f642"), MatchGlob),
        new("messages", [Message().ToByteArray(), []], [[0x0a], [0x32, 0x02, 0x0a, 0x00], [0x2a, 0x00], [0xff, 0xff, 0xff, 0xff, 0x0f], [0x0b], [0x12, 0x7f], [0x3a, 0x00]], ReadMessage),
        new("api-key", Texts(ApiKey.Generate(test: false).Text, "cz_live_", "cz_test_"), Texts("_", "cz_", "live_", "A", "é", "\0", " "),
            input => ApiKey.TryParse(Encoding.UTF8.GetString(input), out _)),
        new("page-token", Texts("YWJjZGVmYWJjZGVmMTAwLDE", "", "AAAA"), Texts("=", "-", "_", "A", "%", "é", "\0"),
            input => Expect(() => PolicyPage.Read(new ListPoliciesRequest { PageToken = Encoding.UTF8.GetString(input) }, Tenant))),
    ];

    private static void Evaluate(byte[] input)
    {
        var parts = Encoding.UTF8.GetString(input).Split('\0');
        if (PolicyParser.Parse(parts[0]).Document is not { } document)
        {
            return;
        }

        var text = parts.ElementAtOrDefault(3) ?? "";
        var request = new EvaluationRequest
        {
            AgentId = "a1",
            Action = parts.ElementAtOrDefault(1) ?? "a.b",
            Resource = parts.ElementAtOrDefault(2),
            Context = Engine.Context.ContextValue.Of([new("k", Engine.Context.ContextValue.Of(text)), new("l", Engine.Context.ContextValue.Of(text)), new("ip", Engine.Context.ContextValue.Of(text))]),
            Now = DateTimeOffset.UnixEpoch,
        };
        var rules = PolicySet.Create([CompiledPolicy.Compile(document, 1)], Effect.Deny).For("a1");
        if (rules.Evaluate(request).Decision != rules.Explain(request).Evaluation.Decision)
        {
            throw new InvalidOperationException("Enforce and Explain disagree");
        }
    }

    private static void MatchGlob(byte[] input)
    {
        var parts = Encoding.UTF8.GetString(input).Split('\0', 2);
        if (Glob.TryParse(parts[0], out var glob, out _))
        {
            var text = parts.ElementAtOrDefault(1) ?? "";
            if (glob.IsMatch(text) && !glob.IsMatchIgnoringAsciiCase(text))
            {
                throw new InvalidOperationException("a text that matches does not match when case is ignored");
            }
        }
    }

    private static void ReadMessage(byte[] input)
    {
        try
        {
            var request = EnforceRequest.Parser.ParseFrom(input);
            Expect(() => EnforceQuestion.Read(request, Caller));
        }
        catch (InvalidProtocolBufferException)
        {
            // What the front door answers with MALFORMED_MESSAGE.
        }
    }

    // An answer in the one form of errors is an answer.
    private static void Expect(Action read)
    {
        try
        {
            read();
        }
        catch (RpcException refusal) when (refusal.StatusCode is StatusCode.InvalidArgument or StatusCode.Unimplemented or StatusCode.PermissionDenied)
        {
            // Refused, and told why.
        }
    }

    private static EnforceRequest Message() => new()
    {
        AgentId = "bot",
        Action = "llm.generate",
        Resource = "model/openai/gpt-4",
        RequestId = "r-1",
        Context = new Struct { Fields = { ["k"] = Value.ForList(Value.ForNumber(1), Value.ForString("x")), ["s"] = Value.ForStruct(new Struct { Fields = { ["n"] = Value.ForNull() } }) } },
    };

    private static byte[][] Texts(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];
}
