using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ControlZero.Client.AI.Tests.Providers;

/// <summary>An OpenAI-compatible provider on a free port of this machine that keeps what it was sent.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private readonly ConcurrentQueue<ProviderRequest> _requests = new();
    private readonly ConcurrentQueue<int> _failures = new();
    private readonly WebApplication _server;

    private FakeProvider()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        _server = builder.Build();
        _server.MapFallback(AnswerAsync);
    }

    /// <summary>What a client takes as its base address.</summary>
    public Uri Url => new($"{_server.Urls.Single()}/api/v1");

    /// <summary>What it was sent, in order.</summary>
    public IReadOnlyList<ProviderRequest> Requests => [.. _requests];

    /// <summary>The models it was asked for, in order.</summary>
    public IReadOnlyList<string?> Models => [.. _requests.Select(request => request.Body?["model"]?.GetValue<string>())];

    /// <summary>What it says a request used. Null: what <see cref="ProviderAnswers"/> says.</summary>
    public string? Usage { get; set; }

    /// <summary>The model that answers. Null: the one that was asked for.</summary>
    public string? AnsweringModel { get; set; }

    /// <summary>How it answers. Default: to the end.</summary>
    public Answering Answering { get; set; }

    /// <summary>Done when it holds a request back: <see cref="Answering.Silent"/> and <see cref="Answering.Held"/>.</summary>
    public TaskCompletionSource Holds { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tells it to break off: <see cref="Answering.BrokenOff"/> and <see cref="Answering.Gone"/>.</summary>
    public TaskCompletionSource BreaksOff { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The functions its model calls before it answers with text.</summary>
    public IReadOnlyList<string> Calls { get; set; } = [];

    public static async Task<FakeProvider> StartAsync()
    {
        var provider = new FakeProvider();
        await provider._server.StartAsync();
        return provider;
    }

    /// <summary>Answers the next request with this status.</summary>
    public void FailNext(int status) => _failures.Enqueue(status);

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _server.StopAsync(atOnce.Token);
        await _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var text = await reader.ReadToEndAsync();
        var body = text.Length == 0 ? null : JsonNode.Parse(text) as JsonObject;
        _requests.Enqueue(new ProviderRequest(http.Request.Method, http.Request.Path, http.Request.ContentType, body));
        if (_failures.TryDequeue(out var status))
        {
            http.Response.StatusCode = status;
            return;
        }

        if (Answering is Answering.Silent or Answering.Gone)
        {
            await (Answering == Answering.Silent ? HoldAsync(http) : BreakOffAsync(http));
            return;
        }

        var path = http.Request.Path.Value!;
        var answer = path.EndsWith("/embeddings", StringComparison.Ordinal) ? ProviderAnswers.Embeddings(body!)
            : path.EndsWith("/responses", StringComparison.Ordinal) ? ProviderAnswers.Response(body!)
            : path.EndsWith("/chat/completions", StringComparison.Ordinal) ? ProviderAnswers.Completion(body!, CallsFor(body!))
            : new JsonObject { ["object"] = "list", ["data"] = new JsonArray() };
        if (AnsweringModel is { } other)
        {
            answer["model"] = other;
        }

        if (Usage is { } usage)
        {
            answer["usage"] = JsonNode.Parse(usage);
        }

        if (body?["stream"]?.GetValue<bool>() == true)
        {
            http.Response.ContentType = "text/event-stream";
            if (Answering != Answering.Whole)
            {
                await http.Response.WriteAsync(ProviderAnswers.FirstEvent(body));
                await http.Response.Body.FlushAsync();
                await (Answering == Answering.Held ? HoldAsync(http) : BreakOffAsync(http));
                return;
            }

            await http.Response.WriteAsync(ProviderAnswers.AsStream(answer));
            return;
        }

        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.ToJsonString(JsonSerializerOptions.Web));
    }

    private async Task BreakOffAsync(HttpContext http)
    {
        await BreaksOff.Task;
        http.Abort();
    }

    private async Task HoldAsync(HttpContext http)
    {
        var left = new TaskCompletionSource();
        http.RequestAborted.Register(left.SetResult);
        Holds.TrySetResult();
        await left.Task;
    }

    /// <summary>Calls functions first, and answers with text once it was told a result.</summary>
    private IReadOnlyList<string> CallsFor(JsonObject body) =>
        body["messages"]!.AsArray().Any(message => message!["role"]!.GetValue<string>() == "tool") ? [] : Calls;
}

/// <summary>One request as it arrived.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path.</param>
/// <param name="ContentType">Content type. Null: none.</param>
/// <param name="Body">The JSON object. Null: there was none.</param>
internal sealed record ProviderRequest(string Method, string Path, string? ContentType, JsonObject? Body);

/// <summary>How a provider answers.</summary>
internal enum Answering
{
    /// <summary>To the end.</summary>
    Whole,

    /// <summary>Not at all, until it is left.</summary>
    Silent,

    /// <summary>The first event of a stream, and no more until it is left.</summary>
    Held,

    /// <summary>The first event of a stream; when it is told to, the connection is gone.</summary>
    BrokenOff,

    /// <summary>Not at all: when it is told to, the connection is gone.</summary>
    Gone,
}
