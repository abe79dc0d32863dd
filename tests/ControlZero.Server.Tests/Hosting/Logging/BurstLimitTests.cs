using ControlZero.Server.Hosting.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Hosting.Logging;

public sealed class BurstLimitTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly WrittenLines _written = new();
    private readonly BurstLimit _limit;

    public BurstLimitTests() => _limit = new BurstLimit(_written, burst: 2, _clock);

    public void Dispose() => _limit.Dispose();

    [Theory]
    [InlineData(LogLevel.Warning)]
    [InlineData(LogLevel.Error)]
    public void Log_PastTheBurst_IsCounted_AndTheCountIsWrittenOnceAnInterval(LogLevel level)
    {
        var logger = _limit.CreateLogger("a");

        Write(logger, level, 1, times: 5);
        Assert.Equal(["a 1 entry", "a 1 entry"], _written.Lines);
        _clock.Advance(BurstLimit.Interval);

        Assert.Equal("a 4005 3 more like this suppressed: event 1 (one), in 00:00:30 (Logging:Burst)", _written.Lines[2]);
        Write(logger, level, 1, times: 2);
        _clock.Advance(BurstLimit.Interval);
        Assert.Equal(["a 1 entry", "a 1 entry"], _written.Lines[3..]);
    }

    [Fact]
    public void Log_OfAnotherKind_IsCountedByItself()
    {
        var logger = _limit.CreateLogger("a");
        Write(logger, LogLevel.Warning, 1, times: 9);

        Write(logger, LogLevel.Warning, 2, times: 1);
        Write(_limit.CreateLogger("b"), LogLevel.Warning, 1, times: 1);

        Assert.Equal(["a 1 entry", "a 1 entry", "a 2 entry", "b 1 entry"], _written.Lines);
    }

    [Theory]
    [InlineData("a", LogLevel.Critical, 1)]
    [InlineData("a", LogLevel.Information, 1)]
    [InlineData("ControlZero.Audit.Sinks.SinkLane", LogLevel.Error, 7101)]
    [InlineData("ControlZero.Server.Audit.Keeping.RetentionUpkeep", LogLevel.Error, 7122)]
    [InlineData("ControlZero.Grains.Agents.AgentGrain", LogLevel.Warning, 2103)]
    [InlineData("ControlZero.Grains.Quotas.TenantShares", LogLevel.Warning, 2303)]
    public void Log_OfWhatMustBeAccountedFor_IsAlwaysWritten(string category, LogLevel level, int id)
    {
        Write(_limit.CreateLogger(category), level, id, times: 50);
        _clock.Advance(BurstLimit.Interval);

        Assert.Equal(50, _written.Lines.Count);
    }

    [Fact]
    public void Dispose_WritesWhatWasHeldBack()
    {
        Write(_limit.CreateLogger("a"), LogLevel.Warning, 1, times: 3);

        _limit.Dispose();

        Assert.StartsWith("a 4005 1 more like this", _written.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_WhoseLogIsFlooded_WritesTheBurstAlone()
    {
        var written = new WrittenLines();
        await using var server = await ConfiguredServer.StartAsync(alsoAdd: services => services.AddSingleton<ILoggerProvider>(written));
        var logger = server.Services.GetRequiredService<ILoggerFactory>().CreateLogger("flooded");

        Write(logger, LogLevel.Warning, 1, times: 1_000);

        Assert.Equal(10, written.Lines.Count(line => line == "flooded 1 entry"));
    }

    private static void Write(ILogger logger, LogLevel level, int id, int times)
    {
        for (var time = 0; time < times; time++)
        {
            logger.Log(level, new EventId(id, "one"), "entry", null, static (state, _) => state);
        }
    }
}
