using System.Text.Json;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Clients;

/// <summary>A stream of the Node client against a real server: more at once than it takes, and a key that is revoked while it is open.</summary>
public sealed class NodeStreamTests : IAsyncLifetime, IDisposable
{
    private const string Policy = """{ "name": "p", "rules": [ { "allow": "llm.*", "resource": "model/*" } ] }""";
    private readonly ScratchDirectory _scratch = new();
    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        await NodeBuild.EnsureAsync();
        _server = await ServerProcess.StartAsync(_scratch.Data);
        await _server.Connect().Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Policy });
    }

    [Fact]
    public async Task Questions_FarMoreThanTheServerTakesAtOnce_AreEachAnsweredAndThoseOfWhoWentAreNotSent()
    {
        const int Asked = 20_000;
        const int Gone = Asked / 10;

        var said = (await NodeStream.RunAsync(_server.Environment("many"), "many", $"{Asked}")).Single();

        Assert.Equal(
            (Asked - Gone, 0, Gone, true),
            (said.GetProperty("right").GetInt32(), said.GetProperty("wrong").GetInt32(), said.GetProperty("CANCELLED").GetInt32(), said.GetProperty("isOpen").GetBoolean()));
        var usage = await _server.Connect().GetUsageAsync("many");
        Assert.Equal((Asked / 2, (Asked / 2) - Gone), (usage.Allowed, usage.Denied));
    }

    [Fact]
    public async Task Key_RevokedWhileTheStreamIsOpen_AllowsNothingMore()
    {
        var admin = _server.Connect();
        var key = await admin.Tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } });
        await using var node = NodeStream.Start(_server.Environment("asking", key.Key), "untilRefused");
        await node.WaitForLineAsync("asked");

        await admin.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = key.KeyInfo.KeyId });

        var said = NodeStream.Said(await node.WaitForEndAsync()).Last();
        Assert.Equal(("UNAUTHENTICATED", false), (said.GetProperty("code").GetString(), said.GetProperty("isOpen").GetBoolean()));
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _scratch.Dispose();
}

/// <summary>Runs <c>stream.mjs</c>.</summary>
internal static class NodeStream
{
    public static ChildProcess Start(IReadOnlyDictionary<string, string> environment, params string[] what) => ChildProcess.Start(
        "node", [Repository.At("tests", "ControlZero.Integration.Tests", "Clients", "stream.mjs"), Repository.NodeClient, .. what], environment);

    public static async Task<JsonElement[]> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] what)
    {
        await using var node = Start(environment, what);
        return Said(await node.WaitForEndAsync());
    }

    public static JsonElement[] Said(Ended node) =>
        [.. node.With(exitCode: 0).Lines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)];
}
