using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ControlZero.Cli.Policies;
using ControlZero.Engine.Policies;

namespace ControlZero.Cli.Cases;

/// <summary>Reads case files. The same form as the conformance vectors of this project.</summary>
internal static class CaseReader
{
    private static readonly string[] Expectations =
        ["effect", "rule", "rule_index", "policy", "reason_code", "shadow_effect", "shadow_rule", "shadow_policy", "shadow_reason_code", "error"];

    /// <summary>The cases of a file, or what is wrong with it.</summary>
    public static void Read(CliHost host, string file, out IReadOnlyList<PolicyCase> cases, out string? fault)
    {
        cases = [];
        fault = null;
        try
        {
            using var document = Parse(PolicyFiles.Read(host, file));
            var root = document.RootElement;
            cases = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0
                ? [.. root.EnumerateArray().Select((element, index) => ReadCase(host, file, element, $"[{index}]"))]
                : throw new CaseSyntaxException("the file is not a list of cases, or the list is empty; write at least one case");
        }
        catch (CaseSyntaxException error)
        {
            fault = error.Message;
        }
    }

    private static JsonDocument Parse(string text)
    {
        var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
        try
        {
            return text.AsSpan().TrimStart() is ['[', ..] ? JsonDocument.Parse(text, options) : JsonDocument.Parse(YamlToJson.Convert(text)?.ToJsonString() ?? "null");
        }
        catch (JsonException error)
        {
            throw new CaseSyntaxException($"the file is not JSON: {error.Message}");
        }
    }

    private static PolicyCase ReadCase(CliHost host, string file, JsonElement element, string path)
    {
        var fields = new FieldSet(element, path, "name", "policies", "policy_files", "request", "settings", "expect");
        var name = fields.Text("name");
        var request = new FieldSet(
            fields.Find("request") ?? throw new CaseSyntaxException($"`{path}.request` is missing; add what is asked"),
            $"{path}.request", "agent", "action", "resource", "context", "labels", "time");
        return new PolicyCase
        {
            File = file,
            Name = name,
            Documents = ReadDocuments(host, file, fields, path),
            Agent = request.Text("agent"),
            Action = request.Text("action"),
            Resource = request.FindText("resource"),
            Context = request.Find("context") is { } context ? ContextJson.ToValue(context) : null,
            Labels = ReadLabels(request, path),
            Time = ReadTime(request, path),
            DefaultOnEmpty = ReadDefault(fields, path),
            Expect = ReadExpectations(fields, path),
        };
    }

    private static List<CaseDocument> ReadDocuments(CliHost host, string file, FieldSet fields, string path)
    {
        if (fields.Has("policies") && fields.Has("policy_files"))
        {
            throw new CaseSyntaxException($"`{path}` has `policies` and `policy_files`; keep one of them");
        }

        var inline = fields.List("policies").Select((policy, index) => new CaseDocument(
            $"policies[{index}]",
            policy.ValueKind == JsonValueKind.String ? policy.GetString()! : policy.GetRawText()));
        var folder = Path.GetDirectoryName(file) ?? "";
        var files = fields.List("policy_files").Select(entry => entry.ValueKind == JsonValueKind.String
            ? new CaseDocument(entry.GetString()!, PolicyFiles.Read(host, Path.Combine(folder, entry.GetString()!)))
            : throw new CaseSyntaxException($"`{path}.policy_files` holds something that is no path; write paths relative to the case file"));
        return [.. inline, .. files];
    }

    private static ImmutableSortedDictionary<string, string> ReadLabels(FieldSet request, string path) => request.Find("labels") switch
    {
        null => ImmutableSortedDictionary<string, string>.Empty,
        { ValueKind: JsonValueKind.Object } labels => labels.EnumerateObject().ToImmutableSortedDictionary(
            label => label.Name,
            label => label.Value.ValueKind == JsonValueKind.String
                ? label.Value.GetString()!
                : throw new CaseSyntaxException($"`{path}.request.labels.{label.Name}` is not a text; put it in quotes"),
            StringComparer.Ordinal),
        _ => throw new CaseSyntaxException($"`{path}.request.labels` is not an object; write `name: value` pairs"),
    };

    private static DateTimeOffset? ReadTime(FieldSet request, string path)
    {
        if (request.FindText("time") is not { } text)
        {
            return null;
        }

        // Without an offset the case would mean another moment on another machine.
        string[] forms = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];
        return DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new CaseSyntaxException($"`{path}.request.time` `{text}` is not an instant; write for example `2026-11-23T09:30:00+01:00`");
    }

    private static Effect ReadDefault(FieldSet fields, string path)
    {
        var word = fields.Find("settings") is { } settings ? new FieldSet(settings, $"{path}.settings", "default_on_empty").FindText("default_on_empty") : null;
        return word is null ? Effect.Deny : Effects.TryParse(word, out var effect) && effect != Effect.Audit
            ? effect
            : throw new CaseSyntaxException($"`{path}.settings.default_on_empty` `{word}` does not exist; write `deny`, `warn` or `allow`");
    }

    private static Dictionary<string, string> ReadExpectations(FieldSet fields, string path)
    {
        var expect = new FieldSet(
            fields.Find("expect") ?? throw new CaseSyntaxException($"`{path}.expect` is missing; add what is expected"), $"{path}.expect", Expectations);
        var stated = Expectations.Where(expect.Has).ToDictionary(name => name, name => expect.Find(name) switch
        {
            null => CaseRunner.None,
            { ValueKind: JsonValueKind.String } text when name != "rule_index" => text.GetString()!,
            { ValueKind: JsonValueKind.Number } number when name == "rule_index" && number.TryGetInt32(out var index) => index.ToString(CultureInfo.InvariantCulture),
            _ => throw new CaseSyntaxException($"`{path}.expect.{name}` is not {(name == "rule_index" ? "a whole number" : "a text")}; correct it"),
        });
        if (stated.Count == 0)
        {
            throw new CaseSyntaxException($"`{path}.expect` is empty: such a case cannot fail; state at least one of {string.Join(", ", Expectations)}");
        }

        return stated.ContainsKey("error") && stated.Count > 1
            ? throw new CaseSyntaxException($"`{path}.expect` has `error` and a decision; keep one of them")
            : stated;
    }
}
