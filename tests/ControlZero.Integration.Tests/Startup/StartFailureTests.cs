using System.Net;
using System.Net.Sockets;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Startup;

/// <summary>A server that cannot start says so in one line on stderr, with what to do, and ends with exit code 1.</summary>
public sealed class StartFailureTests : IDisposable
{
    private const int PageSize = 4096;

    private readonly ScratchDirectory _scratch = new();

    [Theory]
    [InlineData("--grpc")]
    [InlineData("--http")]
    public async Task Start_OnTakenPort_SaysWhichAndEnds(string option)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var address = other.LocalEndpoint.ToString()!;
        var free = option == "--grpc" ? "--http" : "--grpc";

        await FailsAsync(
            ["--data", _scratch.Data, option, address, free, "127.0.0.1:0"],
            $"{address} is taken by another process; stop that one, or choose another port with {option} ADDRESS:PORT");
    }

    [Theory]
    [InlineData("--grpc", "0.0.0.0:0")]
    [InlineData("--http", "[::]:0")]
    public async Task Start_OnAddressOfOthersWithoutTls_SaysWhatToDo(string option, string address)
    {
        var free = option == "--grpc" ? "--http" : "--grpc";

        await FailsAsync(
            ["--data", _scratch.Data, option, address, free, "127.0.0.1:0"],
            $"Listen:{(option == "--grpc" ? "Grpc" : "Http")} `{address}` is not a loopback address, and there is no TLS; give a certificate with "
                + "Tls:CertificateFile and Tls:KeyFile, or say Listen:AllowInsecure=true (--allow-insecure) to let keys cross the network in the clear");
        Assert.False(Directory.Exists(_scratch.Data));
    }

    [Fact]
    public async Task Start_WithSeveralFaults_NamesEachOnALineOfItsOwn()
    {
        var config = _scratch.Write("settings.json", """{ "Listen": { "Grcp": "127.0.0.1:1" }, "Tls": { "CertificateFile": "missing.pem", "PfxPassword": "hunter2" } }""");

        var end = (await ChildProcess.RunAsync(
            Repository.Server,
            ["--data", _scratch.Data, "--config", config, "--http", "nowhere"],
            new Dictionary<string, string> { ["CONTROLZERO__LOGGING__LEVEL"] = "loud" })).With(exitCode: 1);

        Assert.Equal("", end.Output);
        Assert.Collection(
            end.Error.TrimEnd('\n').Split('\n'),
            line => Assert.StartsWith("controlzero: Listen:Http `nowhere` (--http) is no ADDRESS:PORT; ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("controlzero: Logging:Level `loud` (CONTROLZERO__LOGGING__LEVEL) is not known; use one of ", line, StringComparison.Ordinal),
            line => Assert.Equal($"controlzero: `Listen:Grcp` (`{config}`) is no setting of this build; did you mean `Listen:Grpc`?", line),
            line => Assert.StartsWith("controlzero: Tls:PfxPassword is the password of no file; ", line, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_scratch.Data));
    }

    [Fact]
    public async Task Start_WithMissingCertificate_SaysWhichFile()
    {
        var config = _scratch.Write("settings.json", """{ "Tls": { "CertificateFile": "missing.pem" } }""");

        await FailsAsync(
            [.. ServerProcess.Arguments(_scratch.Data), "--config", config],
            $"Tls:CertificateFile `{_scratch.At("missing.pem")}` cannot be read; check the path and its permissions");
    }

    [Fact]
    public async Task Quickstart_BeyondLoopback_IsRefused()
    {
        await FailsAsync(
            ["quickstart", "--once", "--data", _scratch.Data, "--grpc", "0.0.0.0:0", "--http", "127.0.0.1:0", "--allow-insecure"],
            "quickstart serves on loopback without TLS; ");
    }

    [Fact]
    public async Task Start_WithFileInPlaceOfDirectory_SaysThatItCannotBeMade()
    {
        var file = _scratch.Write("data", "not a directory");

        await FailsAsync(ServerProcess.Arguments(file), $"`{file}` cannot be made a directory: ", "choose another with --data");
    }

    [Fact]
    public async Task Start_WhereNobodyCanWrite_SaysThatItCannotBeMade()
    {
        await FailsAsync(ServerProcess.Arguments("/proc/controlzero"), "`/proc/controlzero` cannot be ", "with --data");
    }

    [Fact]
    public async Task Start_OnDirectoryInUse_SaysSoAndLeavesTheOtherAlone()
    {
        await using var first = await ServerProcess.StartAsync(_scratch.Data);

        await FailsAsync(
            ServerProcess.Arguments(_scratch.Data),
            $"`{_scratch.Data}` is in use by another server; stop that one, or choose another directory with --data");
        await first.Connect().InitializeAsync();
    }

    [Fact]
    public async Task Start_OnDatabaseOfGarbage_SaysThatItIsDamaged()
    {
        var garbage = new byte[3 * PageSize];
        new Random(Seed: 20).NextBytes(garbage);
        Directory.CreateDirectory(_scratch.Data);
        await File.WriteAllBytesAsync(_scratch.At("data", "state.db"), garbage);

        await FailsAsync(ServerProcess.Arguments(_scratch.Data), $"`{_scratch.At("data", "state.db")}` is damaged or no database; ");
        Assert.Equal(garbage, await File.ReadAllBytesAsync(_scratch.At("data", "state.db")));
    }

    [Fact]
    public async Task Start_OnDatabaseWithDamagedPage_SaysThatItIsDamaged()
    {
        await FillAsync();
        await using (var file = File.OpenWrite(_scratch.At("data", "state.db")))
        {
            file.Position = PageSize;
            await file.WriteAsync(Enumerable.Repeat((byte)0xFF, PageSize).ToArray());
        }

        await FailsAsync(ServerProcess.Arguments(_scratch.Data), $"`{_scratch.At("data", "state.db")}` is damaged", "restore it from a backup");
    }

    [Fact]
    public async Task Start_OnTruncatedDatabase_SaysThatItIsDamaged()
    {
        await FillAsync();
        await using (var file = File.OpenWrite(_scratch.At("data", "state.db")))
        {
            file.SetLength(PageSize);
        }

        await FailsAsync(ServerProcess.Arguments(_scratch.Data), $"`{_scratch.At("data", "state.db")}` is damaged", "restore it from a backup");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a key")]
    [InlineData("cz_live_000000000000_0000000000000000000000000000000000000000000000000")]
    public async Task Start_WithBrokenKeyFile_SaysThatItHoldsNoKey(string text)
    {
        await FillAsync();
        var file = _scratch.Write("data/admin.key", text);

        await FailsAsync(ServerProcess.Arguments(_scratch.Data), $"`{file}` holds no key; restore it, or remove it and use another key");
        Assert.Equal(text, await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Quickstart_WithoutKeyFile_SaysThatItIsGone()
    {
        await FillAsync();
        File.Delete(_scratch.At("data", "admin.key"));

        await FailsAsync(
            ["quickstart", "--once", .. ServerProcess.Arguments(_scratch.Data)],
            $"`{_scratch.At("data", "admin.key")}` is gone, and quickstart asks with it; ");
    }

    [Fact]
    public async Task Quickstart_WithKeyOfAnotherServer_SaysThatItIsRefused()
    {
        await FillAsync();
        (await ChildProcess.RunAsync(Repository.Server, ["quickstart", "--once", .. ServerProcess.Arguments(_scratch.At("other"))])).With(exitCode: 0);
        File.Copy(_scratch.At("other", "admin.key"), _scratch.At("data", "admin.key"), overwrite: true);

        await FailsAsync(
            ["quickstart", "--once", .. ServerProcess.Arguments(_scratch.Data)],
            $"the key in `{_scratch.At("data", "admin.key")}` is refused, and quickstart asks with it; ");
    }

    public void Dispose() => _scratch.Dispose();

    // Something to find at the next start.
    private async Task FillAsync() =>
        (await ChildProcess.RunAsync(Repository.Server, ["quickstart", "--once", .. ServerProcess.Arguments(_scratch.Data)])).With(exitCode: 0);

    private static async Task FailsAsync(string[] arguments, params string[] words)
    {
        var end = (await ChildProcess.RunAsync(Repository.Server, arguments)).With(exitCode: 1);

        Assert.Equal("", end.Output);
        Assert.True(end.Complaints.Count(character => character == '\n') == 1, end.Report);
        Assert.StartsWith($"controlzero: {words[0]}", end.Complaints, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, end.Complaints, StringComparison.Ordinal));
    }
}
