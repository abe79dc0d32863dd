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
    public async Task Start_OnAddressOfOthers_SaysThatThereIsNoTls(string option, string address)
    {
        var free = option == "--grpc" ? "--http" : "--grpc";

        await FailsAsync(
            ["--data", _scratch.Data, option, address, free, "127.0.0.1:0"],
            $"{option} `{address}` is not a loopback address, and this build has no TLS; listen on 127.0.0.1 or [::1]");
        Assert.False(Directory.Exists(_scratch.Data));
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

        // A silo that was up already may log a warning on a starved machine; the failure itself is one line.
        var said = end.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("warn: ", StringComparison.Ordinal)).ToList();
        Assert.Equal("", end.Output);
        Assert.True(said.Count == 1, end.Report);
        Assert.StartsWith($"controlzero: {words[0]}", said[0], StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, said[0], StringComparison.Ordinal));
    }
}
