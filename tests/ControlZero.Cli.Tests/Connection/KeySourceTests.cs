using ControlZero.Cli.Connection;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;

namespace ControlZero.Cli.Tests.Connection;

public sealed class KeySourceTests : CliTest
{
    [Theory]
    [InlineData("option", new[] { "--key", "option" })]
    [InlineData("file", new[] { "--key-file", "my.key" })]
    [InlineData("environment", new string[0])]
    public async Task Key_SeveralSources_TheNearestIsUsed(string expected, string[] args)
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status());
        Environment["CONTROLZERO_API_KEY"] = "environment";
        Write("my.key", "file\n");
        Write("data/admin.key", "quickstart\n");

        var run = await RunAsync(["status", .. args]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal($"Bearer {expected}", Cluster.Calls.Single().Headers.GetValue("authorization"));
    }

    [Fact]
    public async Task Key_NoneGivenAndTheClusterIsHere_IsTheQuickstartsAndSaysSo()
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status());
        Environment.Remove("CONTROLZERO_API_KEY");
        Write("data/admin.key", "quickstart\n");

        var run = await RunAsync("status", "--output", "json");

        Assert.Equal((0, $"using the key in {Path.Combine("data", "admin.key")}\n"), (run.ExitCode, run.Error));
        Assert.Equal("Bearer quickstart", Cluster.Calls.Single().Headers.GetValue("authorization"));
    }

    [Theory]
    [InlineData("http://10.0.0.1:5050")]
    [InlineData("http://localhost.example.com:5050")]
    [InlineData("http://127.0.0.1.example.com:5050")]
    [InlineData("http://127.0.0.1:5050,http://10.0.0.1:5050")]
    [InlineData("http://127.0.0.1:5050,")]
    public void Key_NoneGivenAndTheClusterIsElsewhere_IsNotTheQuickstarts(string url)
    {
        Environment.Remove("CONTROLZERO_API_KEY");
        Write("data/admin.key", "quickstart\n");

        var failure = Assert.Throws<CommandFailure>(() => KeySource.Find(Host(), url, null, null));

        Assert.Equal((ExitCodes.NotPermitted, "NO_KEY"), (failure.ExitCode, failure.Reason));
    }

    [Theory]
    [InlineData("http://127.0.0.1:5050")]
    [InlineData("https://localhost:5050")]
    [InlineData("http://[::1]:5050")]
    [InlineData("http://127.0.0.1:5050, http://localhost:5060")]
    public void Key_NoneGivenAndTheClusterIsHere_IsFoundForEveryNameOfThisMachine(string url)
    {
        Environment.Remove("CONTROLZERO_API_KEY");
        Write("data/admin.key", "quickstart\n");

        Assert.Equal("quickstart", KeySource.Find(Host(), url, null, null));
    }

    [Fact]
    public async Task Key_None_IsNotAuthenticated()
    {
        Environment.Remove("CONTROLZERO_API_KEY");

        var run = await RunAsync("status");

        Assert.Equal((5, "", "error: no key is given; set `CONTROLZERO_API_KEY`, or give `--key-file FILE` or `--key KEY`\n"), (run.ExitCode, run.Out, run.Error));
    }

    [Theory]
    [InlineData("the key file `none.key` cannot be read", "--key-file", "none.key")]
    [InlineData("say the same thing twice", "--key-file", "none.key", "--key", "k")]
    public async Task Key_UnclearSource_IsWrongUsage(string why, params string[] args)
    {
        var run = await RunAsync(["status", .. args]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
    }
}
