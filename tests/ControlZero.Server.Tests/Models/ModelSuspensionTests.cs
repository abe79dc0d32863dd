using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Models;

[Collection(RunningServerCollection.Name)]
public sealed class ModelSuspensionTests(RunningServer server)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
    private const string Model = "model/openai/gpt-4";

    private readonly ModelService.ModelServiceClient _models = new(server.Channel);
    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task SuspendModel_ThenResume_StopsItInBetween_ForUnaryBatchStreamAndExplain()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        Assert.Equal("RULE_MATCH", await ReasonAsync(key, Model));

        var suspended = await _models.SuspendModelAsync(new SuspendModelRequest { Model = Model, Reason = "it leaks" }, server.With(key));

        var answer = await _enforcement.EnforceAsync(Ask(Model), server.With(key));
        Assert.Equal(
            (Decision.Deny, "MODEL_SUSPENDED", "synthetic:MODEL_SUSPENDED", "`model/openai/gpt-4` is suspended: it leaks", suspended.PolicyEpoch),
            (answer.Decision, answer.ReasonCode, answer.RuleId, answer.Reason, answer.PolicyEpoch));
        Assert.Equal(["MODEL_SUSPENDED", "RULE_MATCH", "MODEL_SUSPENDED"], await BatchAsync(key));
        Assert.Equal("MODEL_SUSPENDED", await StreamAsync(key));
        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask(Model) }, server.With(key));
        Assert.Equal(("MODEL_SUSPENDED", 0), (explained.Response.ReasonCode, explained.Trials.Count));
        Assert.Equal((["embedded"], false), (suspended.Acknowledgement.AcknowledgedSilos, suspended.Unchanged));

        var resumed = await _models.ResumeModelAsync(new ResumeModelRequest { Model = Model }, server.With(key));

        Assert.Equal((suspended.PolicyEpoch + 1, false, 0), (resumed.PolicyEpoch, resumed.Unchanged, resumed.StillSuspendedBy.Count));
        Assert.Equal("RULE_MATCH", await ReasonAsync(key, Model));
    }

    [Fact]
    public async Task SuspendModel_ByPattern_StopsItInThisTenantAlone_AndResumeSaysWhatStillStopsIt()
    {
        var (_, mine) = await server.NewTenantWithAsync(AllowAll);
        var (_, theirs) = await server.NewTenantWithAsync(AllowAll);
        await _models.SuspendModelAsync(new SuspendModelRequest { Model = "model/openai/*" }, server.With(mine));
        await _models.SuspendModelAsync(new SuspendModelRequest { Model = Model }, server.With(mine));

        var resumed = await _models.ResumeModelAsync(new ResumeModelRequest { Model = Model }, server.With(mine));

        Assert.Equal(["model/openai/*"], resumed.StillSuspendedBy);
        Assert.Equal("MODEL_SUSPENDED", await ReasonAsync(mine, "model/OpenAI/gpt-4:free"));
        Assert.Equal("RULE_MATCH", await ReasonAsync(mine, "model/google/gemini"));
        Assert.Equal("RULE_MATCH", await ReasonAsync(theirs, Model));
    }

    [Fact]
    public async Task ListSuspendedModels_ShowsThemByPattern_PageByPage()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        string[] patterns = ["model/c", "model/a/*", "model/B"];
        foreach (var pattern in patterns)
        {
            await _models.SuspendModelAsync(new SuspendModelRequest { Model = pattern, Reason = pattern }, server.With(key));
        }

        var first = await _models.ListSuspendedModelsAsync(new ListSuspendedModelsRequest { PageSize = 2 }, server.With(key));
        await _models.ResumeModelAsync(new ResumeModelRequest { Model = "model/a/*" }, server.With(key));
        var last = await _models.ListSuspendedModelsAsync(
            new ListSuspendedModelsRequest { PageSize = 2, PageToken = first.NextPageToken }, server.With(key));

        Assert.Equal([("model/B", "model/B"), ("model/a/*", "model/a/*")], first.Models.Select(model => (model.Model, model.Suspension.Reason)));
        Assert.Equal(["model/c"], last.Models.Select(model => model.Model));
        Assert.Equal((3UL + 1, 4UL + 1, ""), (first.PolicyEpoch, last.PolicyEpoch, last.NextPageToken));
        Assert.NotNull(last.Models[0].Suspension.SuspendedAt);
    }

    [Fact]
    public async Task SuspendModel_AgainAndResumeOfNothing_ChangeNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        var first = await _models.SuspendModelAsync(new SuspendModelRequest { Model = Model, Reason = "first" }, server.With(key));

        var again = await _models.SuspendModelAsync(new SuspendModelRequest { Model = Model, Reason = "later" }, server.With(key));
        var nothing = await _models.ResumeModelAsync(new ResumeModelRequest { Model = "model/other" }, server.With(key));

        Assert.Equal((true, "first", first.PolicyEpoch), (again.Unchanged, again.Suspension.Reason, again.PolicyEpoch));
        Assert.Equal((true, first.PolicyEpoch), (nothing.Unchanged, nothing.PolicyEpoch));
        Assert.NotNull(nothing.Acknowledgement);
    }

    [Theory]
    [InlineData("", "FIELD_REQUIRED")]
    [InlineData("*", "PATTERN_SYNTAX")]
    [InlineData("openai/gpt-4", "PATTERN_SYNTAX")]
    [InlineData("Model/openai/gpt-4", "PATTERN_SYNTAX")]
    [InlineData("model/", "PATTERN_SYNTAX")]
    [InlineData("model/a/../b", "PATTERN_SYNTAX")]
    [InlineData("model/[a", "PATTERN_SYNTAX")]
    [InlineData("model/a\u0000", "PATTERN_SYNTAX")]
    [InlineData("model/a\u202e", "PATTERN_SYNTAX")]
    public async Task SuspendAndResume_OfWhatCanStopNothing_AreRefusedByField(string pattern, string code)
    {
        var (_, key) = await server.NewTenantAsync();

        await RpcAssert.RefusesAsync(_models.SuspendModelAsync(new SuspendModelRequest { Model = pattern }, server.With(key)), ("model", code));
        await RpcAssert.RefusesAsync(_models.ResumeModelAsync(new ResumeModelRequest { Model = pattern }, server.With(key)), ("model", code));
    }

    [Fact]
    public async Task SuspendModel_WithSeveralFaults_NamesThemAll()
    {
        var (_, key) = await server.NewTenantAsync();

        await RpcAssert.RefusesAsync(
            _models.SuspendModelAsync(new SuspendModelRequest { Model = "x", Reason = "a\nb" }, server.With(key)),
            ("model", "PATTERN_SYNTAX"),
            ("reason", "NAME_SYNTAX"));
        await RpcAssert.RefusesAsync(
            _models.SuspendModelAsync(new SuspendModelRequest { Model = "model/" + new string('a', 251) }, server.With(key)), ("model", "PATTERN_SYNTAX"));
        await RpcAssert.RefusesAsync(
            _models.ListSuspendedModelsAsync(new ListSuspendedModelsRequest { PageSize = -1 }, server.With(key)), ("page_size", "PAGE_SIZE_RANGE"));
    }

    [Fact]
    public async Task ListSuspendedModels_WithATokenOfAnotherTenant_RefusesIt()
    {
        var (_, mine) = await server.NewTenantAsync();
        var (_, theirs) = await server.NewTenantAsync();
        foreach (var model in new[] { "model/a", "model/b" })
        {
            await _models.SuspendModelAsync(new SuspendModelRequest { Model = model }, server.With(theirs));
        }

        var page = await _models.ListSuspendedModelsAsync(new ListSuspendedModelsRequest { PageSize = 1 }, server.With(theirs));

        Assert.NotEqual("", page.NextPageToken);
        await RpcAssert.RefusesAsync(
            _models.ListSuspendedModelsAsync(new ListSuspendedModelsRequest { PageToken = page.NextPageToken }, server.With(mine)),
            ("page_token", "PAGE_TOKEN_INVALID"));
    }

    private static EnforceRequest Ask(string model) => new() { AgentId = "bot", Action = "llm.generate", Resource = model };

    private async Task<string> ReasonAsync(string key, string model) => (await _enforcement.EnforceAsync(Ask(model), server.With(key))).ReasonCode;

    private async Task<IEnumerable<string>> BatchAsync(string key)
    {
        var candidates = Ask("model/a");
        candidates.CandidateResources.Add([Model]);
        var batch = new EnforceBatchRequest { Requests = { Ask(Model), Ask("model/a"), candidates } };
        var answer = await _enforcement.EnforceBatchAsync(batch, server.With(key));
        Assert.Equal(Model, answer.Results[2].Response.DeniedResource);
        return answer.Results.Select(result => result.Response.ReasonCode);
    }

    private async Task<string> StreamAsync(string key)
    {
        using var stream = _enforcement.EnforceStream(server.With(key));
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 1, Enforce = Ask(Model) });
        await stream.RequestStream.CompleteAsync();
        return Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync()).Response.ReasonCode;
    }
}
