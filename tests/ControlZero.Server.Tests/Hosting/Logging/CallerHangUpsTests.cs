using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Server.Tests.Hosting.Logging;

/// <summary>
/// Whether the framework takes a caller's hanging up for an error depends on which of two threads hears of it first, so it is logged here as the framework does.
/// </summary>
public sealed class CallerHangUpsTests
{
    private const string Handler = "Grpc.AspNetCore.Server.ServerCallHandler";

    [Fact]
    public async Task Log_OfAServer_HasNoHangUps_AndWhateverElseTheFrameworkTakesForAnError()
    {
        using var written = new WrittenLines();
        await using var server = await ConfiguredServer.StartAsync(alsoAdd: services => services.AddSingleton<ILoggerProvider>(written));
        var factory = server.Services.GetRequiredService<ILoggerFactory>();

        Log(factory.CreateLogger(Handler), 1, new IOException("The request stream was aborted."));
        Log(factory.CreateLogger(Handler), 2, new InvalidOperationException());
        Log(factory.CreateLogger(Handler), 3, null);
        Log(factory.CreateLogger("another"), 4, new IOException());

        Assert.Equal(
            [$"{Handler} 2 entry", $"{Handler} 3 entry", "another 4 entry"], written.Lines.Where(line => line.EndsWith("entry", StringComparison.Ordinal)));
    }

    private static void Log(ILogger logger, int id, Exception? exception) => logger.Log(LogLevel.Error, new EventId(id), "entry", exception, static (state, _) => state);
}
