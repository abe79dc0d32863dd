using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Providers;

/// <summary>A provider's chat client that streams what a test gives it, then fails when it is told to.</summary>
internal sealed class ScriptedChat(IReadOnlyList<ChatResponseUpdate> updates, Exception? failure = null) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        foreach (var update in updates)
        {
            yield return update;
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
