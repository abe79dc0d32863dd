using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using ControlZero.Cli.Commands;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Google.Protobuf;
using Struct = Google.Protobuf.WellKnownTypes.Struct;

namespace ControlZero.Cli.Enforcement;

/// <summary>The options that put a question; <c>enforce</c> and <c>explain</c> share them.</summary>
internal sealed class QuestionOptions
{
    private readonly Option<string?> _agent = new("--agent")
    {
        Description = "The agent. Default: $CONTROLZERO_AGENT_ID, else the one the key is bound to.",
        HelpName = "id",
    };

    private readonly Option<string> _action = new("--action") { Description = "What it wants to do, for example `llm.generate`.", HelpName = "action", Required = true };

    private readonly Option<string?> _resource = new("--resource") { Description = "What it wants to do it with, for example `model/openai/gpt-4`.", HelpName = "resource" };

    private readonly Option<string[]> _candidates = new("--candidates")
    {
        Description = "Several resources of which each must be allowed, for example a model and its fallbacks.",
        HelpName = "a,b",
    };

    private readonly Option<long?> _inputTokens = new("--input-tokens") { Description = "Expected tokens of the prompt, for limits of tokens and money.", HelpName = "tokens" };

    private readonly Option<long?> _maxOutputTokens = new("--max-output-tokens") { Description = "The most tokens the answer may have, for the same.", HelpName = "tokens" };

    private readonly Option<long?> _cost = Dollars.Option("--cost", "Expected price. Default: computed by the cluster from the tokens.");

    private readonly Option<string?> _context = new("--context") { Description = "Facts for conditions, as a JSON object.", HelpName = "json" };

    private readonly Option<string?> _requestId = new("--request-id") { Description = "Your own id for this question. Default: a new one.", HelpName = "id" };

    private readonly Option<ulong> _minEpoch = new("--min-epoch")
    {
        Description = "The oldest policy epoch that may decide, for example the one `cz policy publish` printed. Default: any.",
        HelpName = "epoch",
        CustomParser = ReadEpoch,
    };

    public IEnumerable<Option> All => [_agent, _action, _resource, _candidates, _inputTokens, _maxOutputTokens, _cost, _context, _requestId, _minEpoch];

    /// <summary>The question for <c>enforce</c>.</summary>
    public EnforceQuery Query(Invocation run) => new()
    {
        AgentId = run.Value(_agent),
        Action = run.Value(_action)!,
        Resource = run.Value(_resource),
        CandidateResources = Candidates(run),
        Estimate = Estimate(run),
        RequestId = run.Value(_requestId),
        MinPolicyEpoch = run.Value(_minEpoch),
        Context = run.Value(_context) is { } json ? (IReadOnlyDictionary<string, object?>)ToObject(ReadContext(json))! : null,
    };

    /// <summary>The question for <c>explain</c>. Without an agent the server takes the one the key is bound to.</summary>
    public EnforceRequest Request(Invocation run)
    {
        var json = run.Value(_context);
        var request = new EnforceRequest
        {
            AgentId = run.Value(_agent) ?? run.AgentOfEnvironment ?? "",
            Action = run.Value(_action)!,
            Resource = run.Value(_resource) ?? "",
            CandidateResources = { Candidates(run) },
            RequestId = run.Value(_requestId) ?? "",
            MinPolicyEpoch = run.Value(_minEpoch),
            Context = json is null ? null : ReadStruct(json),
        };
        Estimate(run, request);
        return request;
    }

    private string[] Candidates(Invocation run) =>
        [.. (run.Value(_candidates) ?? []).SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

    private EnforceEstimate? Estimate(Invocation run)
    {
        var estimate = new EnforceEstimate { InputTokens = run.Value(_inputTokens), MaxOutputTokens = run.Value(_maxOutputTokens), CostNanosUsd = run.Value(_cost) };
        return estimate == new EnforceEstimate() ? null : estimate;
    }

    // A figure that is not given stays absent: it is not known.
    private void Estimate(Invocation run, EnforceRequest request)
    {
        if (run.Value(_inputTokens) is { } inputTokens)
        {
            (request.Estimate ??= new Estimate()).InputTokens = inputTokens;
        }

        if (run.Value(_maxOutputTokens) is { } maxOutputTokens)
        {
            (request.Estimate ??= new Estimate()).MaxOutputTokens = maxOutputTokens;
        }

        if (run.Value(_cost) is { } cost)
        {
            (request.Estimate ??= new Estimate()).CostNanosUsd = cost;
        }
    }

    private static ulong ReadEpoch(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
        {
            return epoch;
        }

        result.AddError($"`{text}` is no policy epoch; write the whole number that a publish, a suspension or a decision answered");
        return 0;
    }

    private static Struct ReadStruct(string json)
    {
        try
        {
            return JsonParser.Default.Parse<Struct>(ReadContext(json).GetRawText());
        }
        catch (IOException error)
        {
            throw CommandFailure.Usage($"`--context` cannot be sent: {error.Message}; send numbers that large as text");
        }
    }

    private static JsonElement ReadContext(string json)
    {
        const string Remedy = """write an object, for example `{"env": "prod", "cost": 3}`""";
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw CommandFailure.Usage($"`--context` is not a JSON object; {Remedy}");
        }
        catch (JsonException error)
        {
            throw CommandFailure.Usage($"`--context` is not JSON: {error.Message}; {Remedy}");
        }
    }

    private static object? ToObject(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().ToDictionary(field => field.Name, field => ToObject(field.Value)),
        JsonValueKind.Array => element.EnumerateArray().Select(ToObject).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? (object)whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };
}
