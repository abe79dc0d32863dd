using System.Text.Json;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Configuration;

/// <summary>A server is configured by a file, the environment and its command line.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Config_SettingsFromEverywhere_ShowsWhatAppliesAndFromWhere()
    {
        var file = _scratch.Write("settings.json", """{ "Listen": { "Grpc": "127.0.0.1:1", "Http": "127.0.0.1:1" }, "Logging": { "Format": "json" } }""");

        var shown = (await ChildProcess.RunAsync(
            Repository.Server,
            ["config", "--config", file, "--grpc", "127.0.0.1:3", "--data", _scratch.Data],
            new Dictionary<string, string> { ["CONTROLZERO__LISTEN__GRPC"] = "127.0.0.1:2", ["CONTROLZERO__LISTEN__HTTP"] = "127.0.0.1:2" })).With(exitCode: 0);

        var lines = shown.Lines.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToDictionary(words => words[0], words => words[1..]);
        Assert.Equal(["127.0.0.1:3", "--grpc"], lines["Listen:Grpc"]);
        Assert.Equal(["127.0.0.1:2", "CONTROLZERO__LISTEN__HTTP"], lines["Listen:Http"]);
        Assert.Equal(["json", $"`{file}`"], lines["Logging:Format"]);
        Assert.Equal(["warning", "default"], lines["Logging:Level"]);
        Assert.Equal("", shown.Error);
        Assert.False(Directory.Exists(_scratch.Data));
    }

    [Fact]
    public async Task Config_WithSecret_NeverShowsIt()
    {
        var shown = await ChildProcess.RunAsync(
            Repository.Server,
            ["config", "--data", _scratch.Data],
            new Dictionary<string, string> { ["CONTROLZERO__TLS__PFXPASSWORD"] = "hunter2", ["CONTROLZERO__TLS__PFXFILE"] = "/missing" });

        Assert.DoesNotContain("hunter2", shown.With(exitCode: 1).Report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WithFileInItsDataDirectory_FollowsItAndNoFileOfAFramework()
    {
        _scratch.Write("data/controlzero.json", """{ "Listen": { "AllowedHosts": ["decisions.example"] } }""");
        await using var server = await ServerProcess.StartAsync(
            _scratch.Data, new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:1", ["Logging__LogLevel__Default"] = "Trace" });

        var refused = await Assert.ThrowsAsync<Client.ControlZeroException>(() => server.Connect().InitializeAsync());
        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.Contains("400", refused.Message, StringComparison.Ordinal);
        Assert.Equal("", end.Complaints);
    }

    [Fact]
    public async Task Serve_BeyondLoopbackAsAllowed_WarnsInEachStartsLog()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data, null, "--http", "0.0.0.0:0", "--allow-insecure");
        await server.Connect().InitializeAsync();

        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.Contains("Listen:Http 0.0.0.0:0 is served without TLS, as Listen:AllowInsecure says", end.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Listen:Grpc", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_InJson_IsAnObjectALineWithoutSecrets()
    {
        var json = new Dictionary<string, string> { ["CONTROLZERO__LOGGING__FORMAT"] = "json", ["CONTROLZERO__LOGGING__LEVEL"] = "information" };
        string key;
        Ended end;
        await using (var server = await ServerProcess.StartAsync(_scratch.Data, json, "--http", "0.0.0.0:0", "--allow-insecure"))
        {
            key = server.AdminKey;
            await server.Connect().InitializeAsync();
            end = (await server.StopAsync()).With(exitCode: 0);
        }

        var entries = end.Error.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(entries, entry => Assert.EndsWith("Z", entry.GetProperty("Timestamp").GetString()!, StringComparison.Ordinal));
        Assert.Contains(entries, entry => (entry.GetProperty("EventId").GetInt32(), entry.GetProperty("LogLevel").GetString()) == (4003, "Warning"));
        Assert.DoesNotContain(key, end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Log_OfAFailedStartInJson_IsAnObjectALineToo()
    {
        var end = (await ChildProcess.RunAsync(
            Repository.Server,
            ["--data", _scratch.Data, "--grpc", "0.0.0.0:0", "--http", "0.0.0.0:0"],
            new Dictionary<string, string> { ["CONTROLZERO__LOGGING__FORMAT"] = "json" })).With(exitCode: 1);

        var entries = end.Error.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["Listen:Grpc", "Listen:Http"], entries.Select(entry => entry.GetProperty("Message").GetString()!.Split(' ')[0]));
        Assert.All(entries, entry => Assert.Equal("Critical", entry.GetProperty("LogLevel").GetString()));
    }

    public void Dispose() => _scratch.Dispose();
}
