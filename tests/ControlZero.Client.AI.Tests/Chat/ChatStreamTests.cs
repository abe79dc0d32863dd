using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Chat;

public sealed class ChatStreamTests : AITest
{
    [Fact]
    public async Task Stream_AllowedModel_ReachesTheProvider()
    {
        var text = await ReadAsync(Chat().GetStreamingResponseAsync("hi"));

        Assert.Equal(ProviderAnswers.Text, text);
        Assert.Equal([Allowed], Provider.Models);
    }

    [Fact]
    public async Task Stream_DeniedModel_NeverReachesTheProvider()
    {
        var updates = Chat(Denied).GetStreamingResponseAsync("hi").GetAsyncEnumerator();

        await Assert.ThrowsAsync<PolicyDeniedException>(async () => await updates.MoveNextAsync());

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Stream_NotEnumerated_AsksNothing()
    {
        var updates = Chat().GetStreamingResponseAsync("hi");
        Assert.Empty(Asked);

        await ReadAsync(updates);
        await ReadAsync(updates);

        Assert.Equal(2, Asked.Count);
        Assert.Equal(2, Provider.Requests.Count);
    }

    [Fact]
    public async Task Stream_FunctionCallOfDeniedFunction_IsNotHandedOn()
    {
        Provider.Calls = ["delete_all"];
        var seen = new List<ChatResponseUpdate>();

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(async () =>
        {
            await foreach (var update in Chat().GetStreamingResponseAsync("hi"))
            {
                seen.Add(update);
            }
        });

        Assert.Equal("tool/delete_all", error.Query.Resource);
        Assert.Empty(seen.SelectMany(update => update.Contents).OfType<FunctionCallContent>());
    }

    [Fact]
    public async Task Chat_CancelledWhileAsking_EndsWithoutReachingTheProvider()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.On<EnforceRequest>(async (_, context) =>
        {
            asked.SetResult();
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = context.CancellationToken.Register(ended.SetResult);
            await ended.Task;
            return Answers.Allow();
        });
        using var cancellation = new CancellationTokenSource();

        var response = Chat().GetResponseAsync("hi", cancellationToken: cancellation.Token);
        await Task.WhenAny(asked.Task, response);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => response);
        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Chat_ManyAtOnce_EachIsDecidedForItself()
    {
        var chat = Chat();
        string[] models = [.. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? Allowed : Denied)];

        var outcomes = await Task.WhenAll(models.Select(async model =>
        {
            try
            {
                var response = await chat.GetResponseAsync("hi", new ChatOptions { ModelId = model });
                return response.ModelId;
            }
            catch (PolicyDeniedException denied)
            {
                return denied.Query.Resource;
            }
        }));

        Assert.Equal(models.Select(model => model == Allowed ? Allowed : $"model/{Denied}"), outcomes);
        Assert.Equal(Enumerable.Repeat(Allowed, 20), Provider.Models);
    }
}
