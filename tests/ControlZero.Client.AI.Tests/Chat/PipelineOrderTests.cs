using ControlZero.Protocol.V1;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Client.AI.Tests.Chat;

public sealed class PipelineOrderTests : AITest
{
    [Fact]
    public void Build_UsedTwice_IsRefused()
    {
        var builder = new ChatClientBuilder(ProviderChat()).UseControlZero(client: ControlZero).UseControlZero(client: ControlZero);

        var error = Assert.Throws<InvalidOperationException>(() => builder.Build());

        Assert.Contains("twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_OverAGovernedClient_IsRefused()
    {
        var builder = new ChatClientBuilder(Chat()).UseControlZero(client: ControlZero);

        Assert.Throws<InvalidOperationException>(() => builder.Build());
    }

    [Fact]
    public void Build_BeforeFunctionInvocation_IsRefusedWithTheRemedy()
    {
        var builder = new ChatClientBuilder(ProviderChat()).UseControlZero(client: ControlZero).UseFunctionInvocation();

        var error = Assert.Throws<InvalidOperationException>(() => builder.Build());

        Assert.Contains("put UseControlZero last", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_BeforeConfigureOptions_IsRefused()
    {
        var builder = new ChatClientBuilder(ProviderChat()).UseControlZero(client: ControlZero).ConfigureOptions(options => options.ModelId = Denied);

        Assert.Throws<InvalidOperationException>(() => builder.Build());
    }

    [Fact]
    public async Task Build_AfterConfigureOptions_AsksForTheConfiguredModel()
    {
        var chat = new ChatClientBuilder(ProviderChat()).ConfigureOptions(options => options.ModelId = Denied).UseControlZero(client: ControlZero).Build();

        await Assert.ThrowsAsync<PolicyDeniedException>(() => chat.GetResponseAsync("hi"));
    }

    [Fact]
    public async Task Build_DefaultModelFurtherIn_DoesNotReplaceTheOneAskedFor()
    {
        var chat = new ChatClientBuilder(ProviderChat())
            .UseControlZero(client: ControlZero)
            .Use((messages, options, inner, cancellationToken) => inner.GetResponseAsync(messages, WithDefault(options, Denied), cancellationToken), null)
            .Build();

        await chat.GetResponseAsync("hi");

        Assert.Equal([("llm.generate", $"model/{Allowed}")], Asked);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Build_ClientOfTheServices_IsAskedWith()
    {
        var services = new ServiceCollection().AddSingleton(ControlZero);
        services.AddChatClient(ProviderChat()).UseControlZero("support-bot");
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<IChatClient>().GetResponseAsync("hi");

        Assert.Equal("support-bot", Assert.Single(Cluster.Received<EnforceRequest>()).AgentId);
    }

    [Fact]
    public void Build_NoClientAnywhere_IsRefusedWithTheRemedy()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new ChatClientBuilder(ProviderChat()).UseControlZero().Build());

        Assert.Contains("AddControlZeroClient", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_SeveralWrongOptions_AreToldAtOnce()
    {
        var builder = new ChatClientBuilder(ProviderChat())
            .UseControlZero(configure: options => (options.ModelPrefix, options.MaxBodyBytes) = ("", 5), client: ControlZero);

        var error = Assert.Throws<ArgumentException>(() => builder.Build());

        Assert.Contains("ModelPrefix", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaxBodyBytes: `5`", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetService_GovernedClient_IsFoundThroughThePipeline()
    {
        var chat = new ChatClientBuilder(ProviderChat()).UseFunctionInvocation().UseControlZero(client: ControlZero).Build();

        Assert.NotNull(chat.GetService<ControlZeroChatClient>());
        Assert.NotNull(chat.GetService<OpenAI.Chat.ChatClient>());
    }

    private static ChatOptions WithDefault(ChatOptions? options, string model)
    {
        options ??= new ChatOptions();
        options.ModelId ??= model;
        return options;
    }
}
