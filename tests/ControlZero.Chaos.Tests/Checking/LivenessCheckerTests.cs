using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Checking;

public sealed class LivenessCheckerTests
{
    private static readonly LivenessChecker Checker = new(TimeSpan.FromSeconds(30));

    private static RecordLine Final(string status = "") => new() { Kind = LineKind.Final, At = 90_000_000, Tenant = Story.Strict, Agent = Story.Agent, Server = 3, Status = status };

    private static RecordLine Server(LineKind kind, int server, long at) => new() { Kind = kind, At = at * 1000, Server = server };

    [Fact]
    public void Recovery_InTime_IsNoViolation() =>
        Assert.Empty(Checker.Check(new Story().Fault("kill", "Steady", 10, 1_000, 31_000).Line(Final()).History));

    [Theory]
    [InlineData(31_001)]
    [InlineData(0)]
    public void Recovery_TooLateOrNever_IsFound(long recovered) =>
        Assert.Single(Checker.Check(new Story().Fault("kill", "Steady", 10, 1_000, recovered).Line(Final()).History));

    /// <summary>Two servers are declared dead, end at 2 s and 3 s and serve again at 12 s and 14 s: 12 s of the time are theirs.</summary>
    [Theory]
    [InlineData(43_000, 0)]
    [InlineData(43_001, 1)]
    public void Recovery_WhileServersAreStartedAgain_HasThatTimeBesideItsOwn(long recovered, int violations)
    {
        var story = new Story().Fault("isolate", "Steady", 10, 1_000, recovered)
            .Line(Server(LineKind.Died, 1, 2_000)).Line(Server(LineKind.Died, 2, 3_000)).Line(Server(LineKind.Served, 1, 12_000)).Line(Server(LineKind.Served, 2, 14_000));

        Assert.Equal(violations, Checker.Check(story.Line(Final()).History).Count());
    }

    [Fact]
    public void Recovery_AfterAServerThatNeverServedAgain_HasNoMoreTime() =>
        Assert.Single(Checker.Check(new Story().Fault("isolate", "Steady", 10, 1_000, 31_001).Line(Server(LineKind.Died, 1, 2_000)).Line(Final()).History));

    [Fact]
    public void Agent_ThatAServerDoesNotAnswerAboutInTheEnd_IsFound()
    {
        Assert.Single(Checker.Check(new Story().Line(Final("Unavailable")).History));
        Assert.Single(Checker.Check(new Story().History));
    }

    [Fact]
    public void Server_ThatEndsByItself_IsFoundInPeaceAndNotAfterAFault()
    {
        var died = new RecordLine { Kind = LineKind.Died, At = 500_000, Server = 2, Status = "exit code 134" };

        Assert.Single(Checker.Check(new Story().Line(died).Line(Final()).History));
        Assert.Empty(Checker.Check(new Story().Line(died).Line(Final()).Fault("pause", "Steady", 10, 400, 900).History));
    }
}
