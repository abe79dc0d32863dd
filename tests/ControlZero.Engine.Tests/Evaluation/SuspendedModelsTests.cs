using System.Collections.Immutable;
using System.Diagnostics;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Engine.Tests.Evaluation;

public sealed class SuspendedModelsTests
{
    [Theory]
    [InlineData("model/openai/gpt-4", "model/openai/gpt-4", true)]
    [InlineData("model/openai/gpt-4", "model/openai/GPT-4", true)]
    [InlineData("model/OpenAI/gpt-4", "model/openai/gpt-4", true)]
    [InlineData("model/openai/gpt-4", "model/openai/gpt-4:free", true)]
    [InlineData("model/openai/gpt-4", "model/openai/gpt-4:free:online", true)]
    [InlineData("model/openai/gpt-4:free", "model/openai/gpt-4:free:online", true)]
    [InlineData("model/openai/gpt-4:free", "model/openai/gpt-4", false)]
    [InlineData("model/openai/gpt-4", "model/openai/gpt-4o", false)]
    [InlineData("model/openai/gpt-4", "model/openai/gpt", false)]
    [InlineData("model/openai/gpt-4", "tool:model/openai/gpt-4", false)]
    [InlineData("model/openai/*", "model/OPENAI/o3", true)]
    [InlineData("model/openai/*", "model/azure/openai/o3", false)]
    [InlineData("model/*/gpt-4", "model/azure/gpt-4:nitro", true)]
    [InlineData("model/openai/gpt-[34]", "model/openai/gpt-3", true)]
    [InlineData("model/openai/gpt-[34]", "model/openai/gpt-5", false)]
    [InlineData("model/*", "model/a", true)]
    [InlineData("model/*", "file/model/a", false)]
    public void Stops_WhatThePatternNamesHoweverItIsSpelled_AndNothingElse(string pattern, string resource, bool stops)
    {
        var models = Create(pattern);

        Assert.Equal(stops, models.Stops(resource));
        var decision = models.Check(Ask(resource), [], out var denied);
        Assert.Equal(stops ? ReasonCodes.ModelSuspended : null, decision?.ReasonCode);
        Assert.Null(denied);
    }

    [Fact]
    public void Check_OfSeveralCandidates_NamesTheFirstThatIsStopped()
    {
        var models = Create("model/b", "model/c");

        Assert.NotNull(models.Check(Ask(null), ["model/a", "model/c", "model/b"], out var among));
        Assert.NotNull(models.Check(Ask("model/b"), ["model/c"], out var first));
        Assert.Null(models.Check(Ask("model/a"), ["model/d"], out var none));

        Assert.Equal(("model/c", "model/b", null), (among, first, none));
    }

    [Theory]
    [InlineData("llm.generate", true)]
    [InlineData("llm:generate", true)]
    [InlineData("LLM:generate", true)]
    [InlineData("llm", true)]
    [InlineData("embedding.generate", true)]
    [InlineData("llmx.generate", false)]
    [InlineData("tool:llm", false)]
    public void Check_OfAnActionOnModelsThatNamesNone_IsDeniedSinceItCouldBeTheStoppedOne(string action, bool denied)
    {
        var decision = Create("model/b").Check(Ask(null, action), [], out _);

        Assert.Equal(denied ? ReasonCodes.ResourceRequired : null, decision?.ReasonCode);
        Assert.Null(Create("model/b").Check(Ask(null, action), ["model/a"], out _));
    }

    [Fact]
    public void Deny_HasTheReasonAndNamesNoPolicy()
    {
        var decision = SuspendedModels.Create([("model/b", "it leaks")])!.Check(Ask("model/b"), [], out _)!;

        Assert.Equal(
            ("`model/b` is suspended: it leaks", SyntheticRules.ModelSuspended, "", null), (decision.Reason, decision.RuleId, decision.Policy, decision.RuleIndex));
        Assert.False(decision.Allowed);
        Assert.Equal("`model/b` is suspended", Create("model/b").Check(Ask("model/b"), [], out _)!.Reason);
    }

    [Fact]
    public void Create_OfNothing_IsNothing() => Assert.Null(SuspendedModels.Create([]));

    [Fact]
    public void Check_ThatWouldTakeTooLong_IsGivenUpAndDenied()
    {
        var pattern = "model/*" + string.Concat(Enumerable.Repeat("a*", 120)) + "b";
        var models = SuspendedModels.Create(Enumerable.Range(0, 1000).Select(number => (pattern + number, "")))!;
        var hostile = "model/" + new string('a', 1018);
        var variants = "model/" + string.Concat(Enumerable.Repeat(":", 1018));

        Assert.Equal(ReasonCodes.EvaluationLimit, models.Check(Ask(hostile), [.. Enumerable.Repeat(hostile, 64)], out _)!.ReasonCode);
        Assert.Equal(ReasonCodes.EvaluationLimit, models.Check(Ask(variants), [.. Enumerable.Repeat(variants, 64)], out _)!.ReasonCode);
    }

    [Fact]
    public void Check_AllocatesNothing()
    {
        var models = Create("model/openai/gpt-4", "model/anthropic/*", "model/*/llama");
        ImmutableArray<string> candidates = ["model/x/y:free", "model/google/gemini"];
        models.Check(Ask("model/a/b"), candidates, out _);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            models.Check(Ask("model/a/b"), candidates, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static SuspendedModels Create(params string[] patterns) =>
        SuspendedModels.Create(patterns.Select(pattern => (pattern, ""))) ?? throw new UnreachableException();

    private static EvaluationRequest Ask(string? resource, string action = "llm.generate") =>
        new() { AgentId = "bot", Action = action, Resource = resource, Now = DateTimeOffset.UnixEpoch };
}
