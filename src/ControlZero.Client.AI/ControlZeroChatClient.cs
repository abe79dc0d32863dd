using System.Runtime.CompilerServices;
using ControlZero.Client.AI.Enforcement;
using ControlZero.Client.AI.Requests;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI;

/// <summary>
/// Asks before every chat request whether the agent may use its models, and for every function the model wants called whether the agent may call it.
/// A deny throws <see cref="PolicyDeniedException"/>; the request, or the function call, goes no further. Made by
/// <see cref="ControlZeroChatExtensions.UseControlZero"/>.
/// </summary>
public sealed class ControlZeroChatClient : DelegatingChatClient
{
    private const string Remedy = "set ModelId of the ChatOptions, or a default model where the provider's client is made";

    private readonly Gate _gate;
    private readonly AwaitedFunctions _functions = new();

    internal ControlZeroChatClient(IChatClient innerClient, Gate gate)
        : base(innerClient)
    {
        PipelineOrder.RefuseInside<ControlZeroChatClient>(innerClient, "it is in this pipeline twice, and would ask and count twice; remove one UseControlZero");
        PipelineOrder.RefuseInside<FunctionInvokingChatClient>(
            innerClient, "it stands before UseFunctionInvocation, so that only the first of several requests would be asked for; put UseControlZero last");
        PipelineOrder.RefuseInside<ConfigureOptionsChatClient>(
            innerClient, "it stands before ConfigureOptions, which could change the model after it was asked for; put UseControlZero last");
        _gate = gate;
    }

    /// <inheritdoc/>
    /// <exception cref="PolicyDeniedException">The agent may not use a model of the request, or not call a function the model wants called.</exception>
    /// <exception cref="ControlZeroException">The request names no model, or names them so that they cannot be read; or the question or the key is wrong.</exception>
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] sent = [.. messages];
        _functions.EndReturned(sent);
        var (governed, call) = await EnforceModelsAsync(sent, options, cancellationToken).ConfigureAwait(false);
        var response = await call.RunAsync(
            async () => await InnerClient.GetResponseAsync(sent, governed, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        call.See(response.Usage, response.ModelId);
        call.End();
        foreach (var message in response.Messages)
        {
            await EnforceCallsAsync(message.Contents, options, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    /// <inheritdoc/>
    /// <remarks>Nothing is asked or sent before the first update is asked for. Every enumeration is a request of its own.</remarks>
    /// <exception cref="PolicyDeniedException">The agent may not use a model of the request, or not call a function the model wants called.</exception>
    /// <exception cref="ControlZeroException">The request names no model, or names them so that they cannot be read; or the question or the key is wrong.</exception>
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatMessage[] sent = [.. messages];
        _functions.EndReturned(sent);
        var (governed, call) = await EnforceModelsAsync(sent, options, cancellationToken).ConfigureAwait(false);
        await using var updates = await call.RunAsync(() => ValueTask.FromResult(
            InnerClient.GetStreamingResponseAsync(sent, governed, cancellationToken).GetAsyncEnumerator(cancellationToken))).ConfigureAwait(false);
        try
        {
            while (await call.RunAsync(updates.MoveNextAsync).ConfigureAwait(false))
            {
                See(call, updates.Current);
                await EnforceCallsAsync(updates.Current.Contents, options, cancellationToken).ConfigureAwait(false);
                yield return updates.Current;
            }
        }
        finally
        {
            call.End(); // also when the stream is left: then what it used is not known
        }
    }

    /// <summary>Asks for the models. The answer is what is sent: it names the model that was asked for, so that no later default can be another one.</summary>
    private async Task<(ChatOptions Governed, ReservedCall Call)> EnforceModelsAsync(
        ChatMessage[] messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        var factory = options?.RawRepresentationFactory;
        var raw = factory?.Invoke(InnerClient);
        var models = RequestedModels.Of(
            options?.ModelId,
            [RawRequest.Read(options?.AdditionalProperties), RawRequest.Read(raw, _gate.Settings)],
            this.GetService<ChatClientMetadata>()?.DefaultModelId,
            Remedy);
        var governed = options?.Clone() ?? new ChatOptions();
        governed.ModelId = models.Names[0];
        governed.RawRepresentationFactory = factory is null ? null : client => RawRequest.Checked(factory(client), models, _gate.Settings);
        var call = await _gate.ReserveGenerateAsync(
            models, () => Estimates.OfChat(messages, options, RawRequest.ToJson(raw)), cancellationToken).ConfigureAwait(false);
        return (governed, call);
    }

    private static void See(ReservedCall call, ChatResponseUpdate update)
    {
        call.See(null, update.ModelId);
        foreach (var usage in update.Contents.OfType<UsageContent>())
        {
            call.See(usage.Details, null);
        }
    }

    private async ValueTask EnforceCallsAsync(IList<AIContent> contents, ChatOptions? options, CancellationToken cancellationToken)
    {
        if (!_gate.Settings.GovernFunctionCalls)
        {
            return;
        }

        var reserved = new List<(string CallId, ReservedCall Call)>();
        try
        {
            foreach (var call in contents.OfType<FunctionCallContent>())
            {
                if (!call.InformationalOnly && !AsksForItself(call.Name, options))
                {
                    reserved.Add((call.CallId, await _gate.ReserveFunctionAsync(call.Name, cancellationToken).ConfigureAwait(false)));
                }
            }
        }
        catch
        {
            // One that may not be called keeps back those beside it.
            reserved.ForEach(function => function.Call.Cancel());
            throw;
        }

        reserved.ForEach(function => _functions.Add(function.CallId, function.Call));
    }

    /// <summary>Whether whatever runs by that name asks at the moment it runs.</summary>
    private static bool AsksForItself(string name, ChatOptions? options)
    {
        AITool[] named = options?.Tools is { } tools ? [.. tools.Where(tool => tool.Name == name)] : [];
        return named.Length > 0 && named.All(tool => tool.GetService<ControlZeroFunction>() is not null);
    }
}
