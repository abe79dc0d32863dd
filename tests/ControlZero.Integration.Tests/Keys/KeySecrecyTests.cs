using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Integration.Tests.Keys;

/// <summary>A full key is in the answer that created it and, the first one, in <c>admin.key</c>. Nowhere else.</summary>
public sealed class KeySecrecyTests : IDisposable
{
    private const int SecretLength = 43;

    private readonly ScratchDirectory _scratch = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keys_AfterTheyWereUsed_AreInNoFileAndNoOutput(bool killed)
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        var first = server.AdminKey;
        var keys = await MakeAndUseKeysAsync(server);

        await AssertNowhereAsync(server, first, keys);
        Ended end;
        if (killed)
        {
            server.Kill();
            end = await server.WaitForEndAsync();
        }
        else
        {
            end = (await server.StopAsync()).With(exitCode: 0);
        }

        await AssertNowhereAsync(server, first, keys);
        Assert.All(keys.Append(first), key => Assert.DoesNotContain(Secret(key), end.Output + end.Error, StringComparison.Ordinal));
    }

    public void Dispose() => _scratch.Dispose();

    private static async Task<List<string>> MakeAndUseKeysAsync(ServerProcess server)
    {
        var admin = server.Connect();
        var tenant = await admin.Tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "other", UnknownAgents = "allow", Test = true });
        var keys = new List<string> { tenant.Key };
        foreach (var by in new[] { admin, server.Connect(tenant.Key) })
        {
            foreach (var scope in new[] { "enforce", "policy:write", "admin" })
            {
                keys.Add((await by.Tenants.CreateKeyAsync(new CreateKeyRequest { Name = scope, Scopes = { scope } })).Key);
            }
        }

        foreach (var key in keys)
        {
            await UseAsync(server.Connect(key));
        }

        await admin.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = Id(keys[1]) });
        var refused = await Assert.ThrowsAsync<ControlZeroException>(() => server.Connect(keys[1]).InitializeAsync());
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        return keys;
    }

    // Rightly, beyond its scopes, and wrongly: what fails must not show the key either.
    private static async Task UseAsync(ControlZeroClient client)
    {
        await client.InitializeAsync();
        await Record.ExceptionAsync(() => client.CheckAsync(new EnforceQuery { AgentId = "agent", Action = "llm.generate" }));
        await Record.ExceptionAsync(() => client.CheckAsync(new EnforceQuery { AgentId = "NOT AN AGENT", Action = "llm.generate" }));
        await Record.ExceptionAsync(async () => await client.Policies.PublishPolicyAsync(
            new PublishPolicyRequest { Document = """{ "name": "p", "rules": [ { "allow": "a" } ] }""" }));
        await Record.ExceptionAsync(async () => await client.Tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "other" }));
    }

    private static async Task AssertNowhereAsync(ServerProcess server, string first, List<string> keys)
    {
        var adminKey = Path.Combine(server.Data, "admin.key");
        Assert.Equal(first + "\n", await File.ReadAllTextAsync(adminKey));
        Assert.Equal([adminKey], await FilesWithAsync(server.Data, keys.Append(first).Select(Secret)));
        foreach (var key in keys.Append(first))
        {
            // The public id is there: this search does find what is stored.
            Assert.NotEmpty((await FilesWithAsync(server.Data, [Id(key)])).Except([adminKey]));
            Assert.DoesNotContain(Secret(key), server.Output + server.Error, StringComparison.Ordinal);
        }
    }

    // A program of its own: the server holds its lock file closed to .NET, not to others.
    private static async Task<string[]> FilesWithAsync(string directory, IEnumerable<string> words)
    {
        var run = await ChildProcess.RunAsync("grep", ["-rlaF", .. words.SelectMany(word => new[] { "-e", word }), directory]);
        Assert.True(run.ExitCode is 0 or 1, run.Report);
        return run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Id(string key) => key.Split('_')[2];

    private static string Secret(string key) => key.Split('_')[3][..SecretLength];
}
