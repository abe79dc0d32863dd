using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>Hands on the functions of each request so that they ask for themselves. Stands outside of what runs them.</summary>
internal sealed class GovernedFunctionsChatClient : DelegatingChatClient
{
    private readonly Gate _gate;

    public GovernedFunctionsChatClient(IChatClient innerClient, Gate gate)
        : base(innerClient)
    {
        PipelineOrder.RefuseInside<GovernedFunctionsChatClient>(
            innerClient, "its functions would ask and count twice; remove one UseControlZeroFunctions");
        if (innerClient.GetService<FunctionInvokingChatClient>() is null)
        {
            throw new InvalidOperationException(
                "UseControlZeroFunctions is in the wrong place: nothing further in runs functions, so that none would ask; " +
                "put it before UseFunctionInvocation, or wrap each function with WithControlZero");
        }

        _gate = gate;
    }

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var refusal = new Refusal();
        var response = await base.GetResponseAsync(messages, Governed(options, refusal), cancellationToken).ConfigureAwait(false);
        refusal.ThrowIfAny();
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var refusal = new Refusal();
        await foreach (var update in base.GetStreamingResponseAsync(messages, Governed(options, refusal), cancellationToken).ConfigureAwait(false))
        {
            refusal.ThrowIfAny();
            yield return update;
        }

        refusal.ThrowIfAny();
    }

    private ChatOptions? Governed(ChatOptions? options, Refusal refusal)
    {
        if (options?.Tools is not { Count: > 0 } tools)
        {
            return options;
        }

        var governed = options.Clone();
        governed.Tools = [.. tools.Select(tool => Governed(tool, refusal))];
        return governed;
    }

    /// <summary>Declarations have nothing to run, and what the program wrapped itself asks already.</summary>
    private AITool Governed(AITool tool, Refusal refusal) =>
        tool is AIFunction function && function.GetService<ControlZeroFunction>() is null ? new ControlZeroFunction(function, _gate, refusal.Note) : tool;

    /// <summary>Why a function of one request did not run. The function-invoking client makes what a function throws into a text for the model; this brings it back.</summary>
    private sealed class Refusal
    {
        private Exception? _first;

        public void Note(Exception refused)
        {
            Interlocked.CompareExchange(ref _first, refused, null);
            if (FunctionInvokingChatClient.CurrentContext is { } invocation)
            {
                invocation.Terminate = true;
            }
        }

        public void ThrowIfAny()
        {
            if (_first is { } refused)
            {
                ExceptionDispatchInfo.Throw(refused);
            }
        }
    }
}
