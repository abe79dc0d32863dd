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

        var path = http.Request.Path.Value!;
        var answer = path.EndsWith("/embeddings", StringComparison.Ordinal) ? ProviderAnswers.Embeddings(body!)
            : path.EndsWith("/responses", StringComparison.Ordinal) ? ProviderAnswers.Response(body!)
            : path.EndsWith("/chat/completions", StringComparison.Ordinal) ? ProviderAnswers.Completion(body!, CallsFor(body!))
            : new JsonObject { ["object"] = "list", ["data"] = new JsonArray() };
        if (body?["stream"]?.GetValue<bool>() == true)
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync(ProviderAnswers.AsStream(answer));
            return;
        }

        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.ToJsonString(JsonSerializerOptions.Web));
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
