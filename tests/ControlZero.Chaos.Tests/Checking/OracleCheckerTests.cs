using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class OracleCheckerTests
{
    private static readonly OracleChecker Checker = new();

    private static Story Replaced => new Story().Change(100, 110, Operation.Publish, 3, document: 2, version: 2);

    [Fact]
    public void Decisions_ThatTheEvaluatorMakesToo_AreNoViolations() =>
        Assert.Empty(Checker.Check(Replaced.Ask(10, 11, Story.Allow, epoch: 2).Ask(200, 201, Story.Deny, epoch: 3).History));

    [Theory]
    [InlineData("an allow where the policy denies")]
    [InlineData("another rule")]
    [InlineData("another reason")]
    [InlineData("another count")]
    public void Decision_ThatDiffers_IsFound(string how)
    {
        var wrong = how switch
        {
            "an allow where the policy denies" => Story.Deny with { Allowed = true, Effect = "allow" },
            "another rule" => Story.Deny with { Rule = "2-embed", Index = 0 },
            "another reason" => Story.Deny with { Reason = "NO_RULE_MATCH" },
            _ => Story.Deny with { Tried = 3 },
        };

        Assert.Single(Checker.Check(Replaced.Ask(200, 201, wrong, epoch: 3).History));
    }

    [Fact]
    public void Decision_ThatSaysAllowedOfADenyingEffect_IsFound() =>
        Assert.Single(Checker.Check(Replaced.Ask(200, 201, Story.Deny with { Allowed = true }, epoch: 3).History));

    [Fact]
    public void Decision_ByATextThatIsNotInForceUnderItsEpoch_IsFound()
    {
        var story = Replaced.Ask(200, 201, Story.Allow, epoch: 3).Ask(200, 201, Story.Deny, epoch: 2);

        Assert.Equal(2, Checker.Check(story.History).Count());
    }

    [Fact]
    public void Version_ThatIsTwoTexts_IsFound()
    {
        var story = Replaced.Ask(50, 51, Story.Allow, epoch: 2).Ask(200, 201, Story.Deny with { Version = 1 }, epoch: 3);

        Assert.Contains("version 1 is document", Assert.Single(Checker.Check(story.History)).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_OfAPublishOfUnknownOutcome_MayDecideAfterIt_AndNotBefore()
    {
        var story = new Story().Change(100, 110, Operation.Publish, 0, document: 2, status: "Unavailable").Ask(200, 201, Story.Deny, epoch: 3);
        Assert.Empty(Checker.Check(story.History));

        story.Ask(50, 51, Story.Deny, epoch: 2);
        Assert.Single(Checker.Check(story.History));
    }

    [Fact]
    public void SuspensionOfATenant_IsSaidUnderItsEpochs_AndUnderNoOthers()
    {
        var halted = Story.Suspended with { Reason = "TENANT_SUSPENDED" };
        var story = new Story().Change(100, 110, Operation.SuspendTenant, 3).Change(200, 210, Operation.ResumeTenant, 4)
            .Ask(150, 151, halted, epoch: 3)
            .Ask(250, 251, Story.Allow, epoch: 4);
        Assert.Empty(Checker.Check(story.History));

        story.Ask(150, 151, Story.Allow, epoch: 3).Ask(250, 251, halted, epoch: 4).Ask(50, 51, halted, epoch: 2);
        Assert.Equal(3, Checker.Check(story.History).Count());
    }

    [Fact]
    public void RevocationOfAKey_OfUnknownOutcome_IsNoSuspensionOfTheTenant() =>
        Assert.Single(Checker.Check(new Story().Revoke(5, 6, Story.Key, status: "Unavailable").Ask(10, 11, Story.Suspended with { Reason = "TENANT_SUSPENDED" }).History));

    [Fact]
    public void SuspensionOfAModel_IsSaidUnderItsEpochs_AndUnderNoOthers()
    {
        var stopped = Story.Suspended with { Reason = "MODEL_SUSPENDED" };
        var story = new Story().Change(100, 110, Operation.SuspendModel, 3, model: "model/vendor/*").Change(120, 130, Operation.SuspendModel, 4, model: "model/other/m0")
            .Change(200, 210, Operation.ResumeModel, 5, model: "model/vendor/*")
            .Ask(150, 151, stopped, epoch: 4)
            .Ask(250, 251, Story.Allow, epoch: 5);
        Assert.Empty(Checker.Check(story.History));

        story.Ask(150, 151, Story.Allow, epoch: 4).Ask(250, 251, stopped, epoch: 5).Ask(50, 51, stopped, epoch: 2).Ask(150, 151, stopped with { Allowed = true }, epoch: 4);
        Assert.Equal(4, Checker.Check(story.History).Count());
    }

    [Fact]
    public void Deny_AsNothingIsLeft_IsFoundWhereThePoliciesDeny_OrWhereItAllows()
    {
        var exhausted = Story.Charged("own", 6_000) with { Allowed = false, Effect = "deny", Reason = Answer.Exhausted };
        Assert.Empty(Checker.Check(new Story().Spend("spend:own", exhausted).History));

        Assert.Single(Checker.Check(new Story().Spend("other:own", exhausted).History));
        Assert.Single(Checker.Check(new Story().Spend("spend:own", exhausted with { Allowed = true }).History));
    }

    [Fact]
    public void Suspension_IsSaidUnderItsEpochs_AndUnderNoOthers()
    {
        var story = new Story().Suspend(100, 110, 3).Resume(200, 210, 4)
            .Ask(150, 151, Story.Suspended, epoch: 3)
            .Ask(250, 251, Story.Allow, epoch: 4);
        Assert.Empty(Checker.Check(story.History));

        story.Ask(150, 151, Story.Allow, epoch: 3).Ask(250, 251, Story.Suspended, epoch: 4).Ask(50, 51, Story.Suspended, epoch: 2);
        Assert.Equal(3, Checker.Check(story.History).Count());
    }
}
