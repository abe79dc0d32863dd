using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using ControlZero.Client.AI.Enforcement;
using ControlZero.Client.AI.Pipelines;
using ControlZero.Client.AI.Requests;

namespace ControlZero.Client.AI;

/// <summary>
/// Asks before every chat completion, completion, response and embedding request of the OpenAI package (or any client on System.ClientModel) whether
/// the agent may use its models, which it reads from the request itself. A deny throws <see cref="PolicyDeniedException"/>; nothing is sent.
/// Each attempt of a retried request is asked for, with the same request id, and settled by itself. Add it with <see cref="ControlZeroPipelineExtensions.AddControlZero"/>.
/// </summary>
public sealed class ControlZeroPipelinePolicy : PipelinePolicy
{
    private const string Remedy = "give the request a field `model`";

    private readonly Gate _gate;

    /// <summary>Makes a policy. It may serve any number of pipelines, once in each.</summary>
    /// <param name="client">Asks.</param>
    /// <param name="agentId">The agent that acts. Default: the client's own.</param>
    /// <param name="configure">Sets further options. Default: none.</param>
    public ControlZeroPipelinePolicy(ControlZeroClient client, string? agentId = null, Action<ControlZeroAIOptions>? configure = null) =>
        _gate = new Gate(client, agentId, configure);

    /// <inheritdoc/>
    /// <remarks>Blocks while the cluster is asked. The client has no synchronous form, and never comes back to the caller's context.</remarks>
    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (RouteOf(message) is not { } route)
        {
            ProcessNext(message, pipeline, currentIndex);
            return;
        }

        using var body = new BoundedBody(_gate.Settings.MaxBodyBytes);
        var content = ContentOf(message, body);
        content.WriteTo(body, message.CancellationToken);
        var attempt = AttemptAsync(message, route, body.Content).GetAwaiter().GetResult();
        try
        {
            ProcessNext(message, pipeline, currentIndex);
        }
        catch (Exception error)
        {
            attempt.FailedAsync(message, error).GetAwaiter().GetResult();
            throw;
        }

        attempt.AnsweredAsync(message).GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (RouteOf(message) is not { } route)
        {
            await ProcessNextAsync(message, pipeline, currentIndex).ConfigureAwait(false);
            return;
        }

        using var body = new BoundedBody(_gate.Settings.MaxBodyBytes);
        var content = ContentOf(message, body);
        await content.WriteToAsync(body, message.CancellationToken).ConfigureAwait(false);
        var attempt = await AttemptAsync(message, route, body.Content).ConfigureAwait(false);
        try
        {
            await ProcessNextAsync(message, pipeline, currentIndex).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            await attempt.FailedAsync(message, error).ConfigureAwait(false);
            throw;
        }

        await attempt.AnsweredAsync(message).ConfigureAwait(false);
    }

    private GovernedRoute? RouteOf(PipelineMessage message)
    {
        var address = message.Request.Uri ?? throw new InvalidOperationException("the request has no address");
        var route = GovernedRoute.Of(message.Request.Method, address);
        return route is not null || _gate.Settings.UngovernedRequests == UngovernedRequests.Pass
            ? route
            : throw Refusals.Field(
                "path",
                Refusals.FieldValue,
                $"`{message.Request.Method} {address.AbsolutePath}` is no chat completion, completion, response or embedding request; " +
                "set UngovernedRequests to Pass to send such requests unasked");
    }

    private static BinaryContent ContentOf(PipelineMessage message, BoundedBody body)
    {
        var content = message.Request.Content ?? throw Refusals.Field("body", Refusals.FieldRequired, $"the request has no body; {Remedy}");
        if (content.TryComputeLength(out var length))
        {
            body.RefuseOver(length);
        }

        return content;
    }

    /// <summary>Asks for what the body names, and makes that very body the one that is sent.</summary>
    private async Task<GovernedAttempt> AttemptAsync(PipelineMessage message, GovernedRoute route, BinaryData body)
    {
        using var document = Parse(body);
        var models = RequestedModels.Of(route.Deployment, [ModelFields.Read(document.RootElement)], null, Remedy);
        message.Request.Content = BinaryContent.Create(message.Request.Content?.MediaType is { } type ? body.WithMediaType(type) : body);
        var requestId = Attempts.Of(message, this).RequestId;
        var asked = route.Embeds
            ? _gate.ReserveEmbedAsync(models, Estimate, message.CancellationToken, requestId)
            : _gate.ReserveGenerateAsync(models, Estimate, message.CancellationToken, requestId);
        return new GovernedAttempt(await asked.ConfigureAwait(false), message.Response, route.Embeds);

        EnforceEstimate Estimate() => Estimates.OfRequest(document.RootElement, route.Embeds);
    }

    private static JsonDocument Parse(BinaryData body)
    {
        try
        {
            var document = JsonDocument.Parse(body, StrictJson.Options);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw Unreadable(null);
        }
        catch (JsonException error)
        {
            throw Unreadable(error);
        }
    }

    private static ControlZeroException Unreadable(JsonException? cause) => Refusals.Field(
        "body", Refusals.FieldType, "the request body is not one JSON object without repeated fields, so that its models cannot be read; send such an object", cause);

    /// <summary>What the attempts of one request share.</summary>
    private sealed record Attempts(ControlZeroPipelinePolicy Owner, string RequestId)
    {
        public static Attempts Of(PipelineMessage message, ControlZeroPipelinePolicy owner)
        {
            if (!message.TryGetProperty(typeof(Attempts), out var known) || known is not Attempts attempts)
            {
                attempts = new Attempts(owner, Guid.NewGuid().ToString());
                message.SetProperty(typeof(Attempts), attempts);
            }

            return attempts.Owner == owner
                ? attempts
                : throw new InvalidOperationException("ControlZeroPipelinePolicy is in this pipeline twice, and would ask and count twice; remove one AddControlZero");
        }
    }
}
