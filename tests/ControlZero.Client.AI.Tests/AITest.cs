using System.ClientModel;
using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Microsoft.Extensions.AI;
using OpenAI;

namespace ControlZero.Client.AI.Tests;

/// <summary>A test with a cluster and a provider of its own.</summary>
public abstract class AITest : IAsyncLifetime
{
    internal const string Allowed = "anthropic/claude-sonnet-4-20250514";
    internal const string AlsoAllowed = "openai/gpt-4";
    internal const string Denied = "google/gemini-pro";

    internal ScriptedCluster Cluster { get; private set; } = null!;

    internal FakeProvider Provider { get; private set; } = null!;

    internal ControlZeroClient ControlZero { get; private set; } = null!;

    /// <summary>What was asked, in order: action and resource, one for each resource of a question.</summary>
    internal IReadOnlyList<(string Action, string Resource)> Asked =>
        [.. Cluster.Received<EnforceRequest>().SelectMany(request => ResourcesOf(request).Select(resource => (request.Action, resource)))];

    /// <summary>Scripts the cluster before a test. Default: what most tests permit.</summary>
    private protected Action? Prepare { get; init; }

    public async Task InitializeAsync()
    {
        Cluster = await ScriptedCluster.StartAsync();
        Provider = await FakeProvider.StartAsync();
        ControlZero = new ControlZeroClient(new()
        {
            Url = Cluster.Url,
            ApiKey = "cz_test_abcdefghjkmn_s3cr3ts3cr3ts3cr3t",
            AgentId = "agent-1",
            Timeout = TimeSpan.FromSeconds(30),
        });
        Permit($"model/{Allowed}", $"model/{AlsoAllowed}", "tool/look_up");
        Prepare?.Invoke();
    }

    public async Task DisposeAsync()
    {
        ControlZero.Dispose();
        await Provider.DisposeAsync();
        await Cluster.DisposeAsync();
    }

    /// <summary>Allows these resources and denies every other.</summary>
    internal void Permit(params string[] resources) =>
        Cluster.On<EnforceRequest>(request => ResourcesOf(request).Except(resources).FirstOrDefault() is { } denied ? Deny(request, denied) : Answers.Allow());

    /// <summary>The provider's own client, that asks nobody. One attempt a request.</summary>
    internal OpenAIClient OpenAI(Action<OpenAIClientOptions>? configure = null)
    {
        var options = new OpenAIClientOptions { Endpoint = Provider.Url, RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) };
        configure?.Invoke(options);
        return new OpenAIClient(new ApiKeyCredential("provider-key"), options);
    }

    /// <summary>The provider as a chat client with a default model.</summary>
    internal IChatClient ProviderChat(string model = Allowed) => OpenAI().GetChatClient(model).AsIChatClient();

    /// <summary>A governed chat client over the provider.</summary>
    internal IChatClient Chat(string model = Allowed, Action<ControlZeroAIOptions>? configure = null) =>
        new ChatClientBuilder(ProviderChat(model)).UseControlZero(configure: configure, client: ControlZero).Build();

    private static IEnumerable<string> ResourcesOf(EnforceRequest request) =>
        request.CandidateResources.Count == 0 || request.Resource.Length > 0 ? request.CandidateResources.Prepend(request.Resource) : request.CandidateResources;

    private static EnforceResponse Deny(EnforceRequest request, string resource)
    {
        var deny = Answers.Deny();
        deny.DeniedResource = request.CandidateResources.Count > 0 ? resource : "";
        return deny;
    }

    internal static async Task<string> ReadAsync(IAsyncEnumerable<ChatResponseUpdate> updates) => (await updates.ToChatResponseAsync()).Text;
}
