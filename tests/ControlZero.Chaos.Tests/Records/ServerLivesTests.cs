using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Records;

public sealed class ServerLivesTests
{
    private static readonly ServerLives Lives = new(
    [
        Turn(LineKind.Stopping, 100), Turn(LineKind.Served, 200, isOther: true), Turn(LineKind.Died, 300), Turn(LineKind.Served, 400, isOther: true),
        Turn(LineKind.Stopping, 500), Turn(LineKind.Served, 600), Turn(LineKind.Stopping, 50, server: 2),
    ]);

    [Theory]
    [InlineData(0, 99, true)]
    [InlineData(0, 100, false)]
    [InlineData(150, 160, false)]
    [InlineData(150, 250, false)]
    [InlineData(200, 299, true)]
    [InlineData(250, 450, false)]
    [InlineData(310, 320, false)]
    [InlineData(700, 900, true)]
    public void Server_IsUpFromItsStartToItsEnd(long from, long to, bool isUp) => Assert.Equal(isUp, Lives.IsUp(1, from, to));

    [Theory]
    [InlineData(10, 20, false)]
    [InlineData(110, 120, null)]
    [InlineData(210, 220, true)]
    [InlineData(410, 420, true)]
    [InlineData(410, 510, null)]
    [InlineData(610, 620, false)]
    public void Build_IsThatOfTheLastStart_AndUnknownOverAnother(long from, long to, bool? isOther) => Assert.Equal(isOther, Lives.IsOtherBuild(1, from, to));

    private static RecordLine Turn(LineKind kind, long at, bool isOther = false, int server = 1) => new() { Kind = kind, At = at, Server = server, IsOtherBuild = isOther };
}
