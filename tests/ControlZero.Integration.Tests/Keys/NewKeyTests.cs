using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Keys;

/// <summary>A first key that is made before the cluster is: servers without a disk of their own are given it as a file.</summary>
public sealed class NewKeyTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task NewKey_AsAdminKeyOfANewServer_IsItsFirstKey()
    {
        var made = (await ChildProcess.RunAsync(Repository.Server, ["new-key"])).With(exitCode: 0);
        var another = (await ChildProcess.RunAsync(Repository.Server, ["new-key"])).With(exitCode: 0);
        _scratch.Write("data/admin.key", made.Output);

        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        await server.Connect(made.Output.Trim()).InitializeAsync();

        Assert.NotEqual(made.Output, another.Output);
        Assert.StartsWith("cz_live_", made.Output, StringComparison.Ordinal);
        await Assert.ThrowsAsync<Client.ControlZeroException>(() => server.Connect(another.Output.Trim()).InitializeAsync());
    }

    public void Dispose() => _scratch.Dispose();
}
