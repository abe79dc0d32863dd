using ControlZero.Client;
using ControlZero.Integration.Tests.Clients;
using ControlZero.Integration.Tests.Processes;
using Grpc.Core;

namespace ControlZero.Integration.Tests.Transport;

/// <summary>Every client of ours reaches a server that asks for certificates, with the right files and with no others.</summary>
public sealed class MutualTlsTests(MutualTlsServer tls) : IClassFixture<MutualTlsServer>, IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task CSharpClient_WithItsFiles_IsServed()
    {
        await using var client = Client(tls.CaFile, tls.Client);

        await client.InitializeAsync();

        Assert.False((await client.CheckAsync(new EnforceQuery { AgentId = "bot", Action = "llm.generate" })).Allowed);
    }

    [Fact]
    public async Task CSharpClient_WithoutTheRightFiles_IsNotServed()
    {
        await using var impostor = Client(tls.WrongCaFile, tls.Client);
        await using var without = Client(tls.CaFile, null);
        await using var wrong = Client(tls.CaFile, tls.WrongClient);

        foreach (var client in new[] { impostor, without, wrong })
        {
            await Assert.ThrowsAsync<ControlZeroException>(() => client.InitializeAsync());
        }
    }

    [Fact]
    public async Task CSharpClient_WhoDoesNotTrustTheServer_IsInErrorWhateverUnavailableMeans()
    {
        await using var client = Client(tls.WrongCaFile, tls.Client, OnUnavailable.Allow);

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => client.CheckAsync(new EnforceQuery { AgentId = "bot", Action = "llm.generate" }));

        Assert.Equal(StatusCode.Internal, error.StatusCode);
    }

    [Fact]
    public async Task CommandLine_WithItsFiles_IsServed()
    {
        var options = (await CzAsync(tls.Server.Environment("bot"), "--ca", tls.CaFile, "--client-cert", tls.Client.Certificate, "--client-key", tls.Client.Key))
            .With(exitCode: 0);
        var variables = (await CzAsync(tls.Environment(tls.CaFile, tls.Client))).With(exitCode: 0);

        Assert.Contains("default", options.Output, StringComparison.Ordinal);
        Assert.Contains("default", variables.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommandLine_WithoutTheRightFiles_IsNotServed()
    {
        (await CzAsync(tls.Environment(tls.WrongCaFile, tls.Client))).With(exitCode: 1);
        (await CzAsync(tls.Environment(tls.CaFile, null))).With(exitCode: 1);
        (await CzAsync(tls.Environment(tls.CaFile, tls.WrongClient))).With(exitCode: 1);
        (await CzAsync(tls.Environment("/missing", tls.Client))).With(exitCode: 2);
    }

    [Fact]
    public async Task NodeClient_WithItsFiles_IsServed()
    {
        var variables = (await NodeAsync("new ControlZero()", tls.Environment(tls.CaFile, tls.Client))).With(exitCode: 0);
        var options = (await NodeAsync(
            $"new ControlZero({{ ca: read('{tls.CaFile}'), cert: read('{tls.Client.Certificate}'), key: read('{tls.Client.Key}') }})",
            tls.Server.Environment("bot"))).With(exitCode: 0);

        Assert.Equal(["served", "served"], [variables.Lines.Single(), options.Lines.Single()]);
    }

    [Fact]
    public async Task NodeClient_WithoutTheRightFiles_IsNotServed()
    {
        // A server that is not trusted is no outage: `onUnavailable: 'allow'` must not open the door to it.
        foreach (var (environment, code) in new[]
        {
            (tls.Environment(tls.WrongCaFile, tls.Client), "INTERNAL"),
            (tls.Environment(tls.CaFile, null), "UNAVAILABLE"),
            (tls.Environment(tls.CaFile, tls.WrongClient), "UNAVAILABLE"),
        })
        {
            var run = (await NodeAsync("new ControlZero()", environment)).With(exitCode: 0);

            Assert.StartsWith($"not served: {code}", run.Lines.Single(), StringComparison.Ordinal);
        }
    }

    public void Dispose() => _scratch.Dispose();

    private ControlZeroClient Client(string ca, (string Certificate, string Key)? files, OnUnavailable onUnavailable = OnUnavailable.Deny) =>
        new(new ControlZeroClientOptions
        {
            Url = tls.Server.Url,
            ApiKey = tls.Server.AdminKey,
            CaFile = ca,
            ClientCertificateFile = files?.Certificate,
            ClientKeyFile = files?.Key,
            Timeout = TimeSpan.FromSeconds(30),
            MaxAttempts = 1,
            OnUnavailable = onUnavailable,
        });

    private static Task<Ended> CzAsync(IReadOnlyDictionary<string, string> environment, params string[] options) =>
        ChildProcess.RunAsync(Repository.Cli, ["status", "--timeout", "30s", .. options], environment);

    // A program of a user's: makes a client and says whether it was served.
    private async Task<Ended> NodeAsync(string client, IReadOnlyDictionary<string, string> environment)
    {
        await NodeBuild.EnsureAsync();
        var program = _scratch.Write("program.mjs", $$"""
            import { readFileSync as read } from 'node:fs';
            import { ControlZero as Client } from '{{new Uri(Path.Combine(Repository.NodeClient, "dist", "index.js"))}}';
            class ControlZero extends Client { constructor(options) { super({ timeoutMs: 30_000, maxAttempts: 1, ...options }); } }
            const cz = {{client}};
            await cz.initialize().then(() => console.log('served'), (error) => console.log(`not served: ${error.code}`));
            await cz.close();
            """);
        return await ChildProcess.RunAsync("node", [program], environment);
    }
}
