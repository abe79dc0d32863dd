using System.ClientModel;
using System.IO.Compression;
using System.Text;
using ControlZero.Protocol.V1;

namespace ControlZero.Client.AI.Tests.Pipelines;

/// <summary>Bodies and addresses that no client library would send, written by hand through the same pipeline.</summary>
public sealed class RequestBodyTests : AITest
{
    [Theory]
    [InlineData("""{"model":"google/gemini-pro"}""")]
    [InlineData("""{"model":"anthropic/claude-sonnet-4-20250514","models":["openai/gpt-4","google/gemini-pro"]}""")]
    [InlineData("""{"model":"anthropic/claude-sonnet-4-20250514","fallbacks":[{"model":"google/gemini-pro"}]}""")]
    [InlineData("""{"model":"anthropic/claude-sonnet-4-20250514","preset":"anything"}""")]
    [InlineData("""{"m\u006fdel":"google/gemini-pro"}""")]
    public async Task Body_OneModelDenied_NeverReachesTheProvider(string body)
    {
        await Assert.ThrowsAsync<PolicyDeniedException>(() => SendAsync(body));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Body_AllModelsAllowed_IsSentUnchangedAndAskedForInOneQuestion()
    {
        Permit($"model/{Allowed}", $"model/{AlsoAllowed}", "model/@preset/careful");

        await SendAsync($$"""{"model":"{{Allowed}}","models":["{{Allowed}}","{{AlsoAllowed}}"],"preset":"careful","messages":[],"extra":1}""");

        Assert.Equal([$"model/{Allowed}", $"model/{AlsoAllowed}", "model/@preset/careful"], Assert.Single(Cluster.Received<EnforceRequest>()).CandidateResources);
        Assert.Equal(["model", "models", "preset", "messages", "extra"], Assert.Single(Provider.Requests).Body!.Select(field => field.Key));
    }

    [Theory]
    [InlineData("", "FIELD_TYPE")]
    [InlineData("not json", "FIELD_TYPE")]
    [InlineData("[]", "FIELD_TYPE")]
    [InlineData("{}", "FIELD_REQUIRED")]
    [InlineData("""{"model":null}""", "FIELD_REQUIRED")]
    [InlineData("""{"model":""}""", "FIELD_TYPE")]
    [InlineData("""{"model":7}""", "FIELD_TYPE")]
    [InlineData("""{"models":["openai/gpt-4"],"model":["openai/gpt-4"]}""", "FIELD_TYPE")]
    [InlineData("""{"model":"openai/gpt-4","models":"openai/gpt-4"}""", "FIELD_TYPE")]
    [InlineData("""{"model":"openai/gpt-4","models":[1]}""", "FIELD_TYPE")]
    [InlineData("""{"model":"openai/gpt-4","model":"google/gemini-pro"}""", "FIELD_TYPE")]
    [InlineData("""{"model":"openai/gpt-4","Model":"google/gemini-pro"}""", "FIELD_VALUE")]
    public async Task Body_ThatDoesNotSayItsModels_IsRefused(string body, string reason)
    {
        var error = await Assert.ThrowsAsync<ControlZeroException>(() => SendAsync(body));

        Assert.Equal(reason, error.Reason);
        Assert.Empty(Asked);
        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Body_AsManyModelsAsOneQuestionTakes_IsAskedForWhole()
    {
        string[] models = [.. Enumerable.Range(0, 64).Select(i => $"m{i}")];
        Permit([.. models.Select(name => $"model/{name}")]);

        await SendAsync($$"""{"model":"m0","models":["{{string.Join("\",\"", models)}}"]}""");

        Assert.Equal(64, Assert.Single(Cluster.Received<EnforceRequest>()).CandidateResources.Count);
    }

    [Fact]
    public async Task Body_MoreModelsThanOneQuestionTakes_IsRefused()
    {
        var models = string.Join(',', Enumerable.Range(0, 65).Select(i => $"\"m{i}\""));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => SendAsync($$"""{"model":"m0","models":[{{models}}]}"""));

        Assert.Equal("FIELD_TOO_LONG", error.Reason);
        Assert.Empty(Asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_OverTheLimit_IsRefusedWhetherItsLengthIsKnownOrNot(bool known)
    {
        var bytes = Encoding.UTF8.GetBytes($$"""{"model":"{{Allowed}}","text":"{{new string('x', 1024)}}"}""");

        var error = await Assert.ThrowsAsync<ControlZeroException>(
            () => SendAsync(known ? BinaryContent.Create(BinaryData.FromBytes(bytes)) : new UnknownLength(bytes), configure: options => options.MaxBodyBytes = 1024));

        Assert.Equal("FIELD_TOO_LONG", error.Reason);
        Assert.Empty(Provider.Requests);
    }

    [Theory]
    [MemberData(nameof(WaysOfWriting))]
    public async Task Body_OverTheLimit_IsRefusedHoweverItIsWritten(Func<Stream, byte[], Task> write)
    {
        var body = new WrittenBy(write, Encoding.UTF8.GetBytes($$"""{"model":"{{Allowed}}","text":"{{new string('x', 1024)}}"}"""));

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => SendAsync(body, configure: options => options.MaxBodyBytes = 1024));

        Assert.Equal("FIELD_TOO_LONG", error.Reason);
    }

    public static TheoryData<Func<Stream, byte[], Task>> WaysOfWriting() =>
    [
        (stream, bytes) => stream.WriteAsync(bytes, 0, bytes.Length),
        (stream, bytes) => stream.WriteAsync(bytes.AsMemory()).AsTask(),
        (stream, bytes) => new MemoryStream(bytes).CopyToAsync(stream),
        (stream, bytes) =>
        {
            stream.Write(bytes.AsSpan());
            return Task.CompletedTask;
        },
        (stream, bytes) =>
        {
            Array.ForEach(bytes, stream.WriteByte);
            return Task.CompletedTask;
        },
    ];

    [Fact]
    public async Task Body_Compressed_IsRefused()
    {
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes($$"""{"model":"{{Allowed}}"}"""));
        }

        await Assert.ThrowsAsync<ControlZeroException>(() => SendAsync(BinaryContent.Create(BinaryData.FromBytes(compressed.ToArray()))));

        Assert.Empty(Provider.Requests);
    }

    [Fact]
    public async Task Body_Absent_IsRefused()
    {
        var error = await Assert.ThrowsAsync<ControlZeroException>(() => SendAsync((BinaryContent?)null));

        Assert.Equal("FIELD_REQUIRED", error.Reason);
    }

    [Fact]
    public async Task Body_ThatCanBeReadOnce_IsSentWhole()
    {
        await SendAsync(new ReadableOnce(Encoding.UTF8.GetBytes($$"""{"model":"{{Allowed}}","messages":[]}""")));

        Assert.Equal([Allowed], Provider.Models);
    }

    [Theory]
    [InlineData("chat/completions")]
    [InlineData("chat/completions/")]
    [InlineData("Chat//Completions")]
    [InlineData("chat%2Fcompletions")]
    [InlineData("chat/%63ompletions")]
    [InlineData("completions")]
    [InlineData("responses")]
    [InlineData("responses/compact")]
    [InlineData("embeddings?api-version=1")]
    public async Task Path_Governed_IsAskedFor(string path)
    {
        await Assert.ThrowsAsync<PolicyDeniedException>(() => SendAsync($$"""{"model":"{{Denied}}"}""", path));

        Assert.Empty(Provider.Requests);
    }

    [Theory]
    [InlineData("POST", "files")]
    [InlineData("POST", "responses/resp_1/cancel")]
    [InlineData("GET", "responses")]
    [InlineData("DELETE", "chat/completions")]
    public async Task Path_NotGoverned_PassesUnasked(string method, string path)
    {
        await SendAsync(method == "POST" ? BinaryContent.Create(BinaryData.FromString("{}")) : null, path, method: method);

        Assert.Empty(Asked);
        Assert.Single(Provider.Requests);
    }

    [Fact]
    public async Task Path_AzureDeployment_IsAskedForBesideTheBody()
    {
        Permit("model/My-Deployment");

        await SendAsync("""{"messages":[]}""", "openai/deployments/My-Deployment/chat/completions");
        await Assert.ThrowsAsync<PolicyDeniedException>(() => SendAsync($$"""{"model":"{{Denied}}"}""", "openai/deployments/My-Deployment/chat/completions"));

        Assert.Equal(["model/My-Deployment", "model/My-Deployment", $"model/{Denied}"], Asked.Select(asked => asked.Resource));
        Assert.Single(Provider.Requests);
    }

    private Task SendAsync(string body, string path = "chat/completions") => SendAsync(BinaryContent.Create(BinaryData.FromString(body)), path);

    private async Task SendAsync(
        BinaryContent? content, string path = "chat/completions", string method = "POST", Action<ControlZeroAIOptions>? configure = null)
    {
        var pipeline = OpenAI(options => options.AddControlZero(ControlZero, configure: configure)).Pipeline;
        using var message = pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri = new Uri($"{Provider.Url}/{path}");
        message.Request.Headers.Set("Content-Type", "application/json");
        message.Request.Content = content;
        await pipeline.SendAsync(message);
    }

    private class UnknownLength(byte[] bytes) : BinaryContent
    {
        public override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        public override void WriteTo(Stream stream, CancellationToken cancellationToken = default) => stream.Write(bytes);

        public override Task WriteToAsync(Stream stream, CancellationToken cancellationToken = default) => stream.WriteAsync(bytes, cancellationToken).AsTask();

        public override void Dispose()
        {
        }
    }

    private sealed class WrittenBy(Func<Stream, byte[], Task> write, byte[] bytes) : UnknownLength(bytes)
    {
        private readonly byte[] _bytes = bytes;

        public override Task WriteToAsync(Stream stream, CancellationToken cancellationToken = default) => write(stream, _bytes);
    }

    private sealed class ReadableOnce(byte[] bytes) : UnknownLength(bytes)
    {
        private bool _read;

        public override Task WriteToAsync(Stream stream, CancellationToken cancellationToken = default)
        {
            Assert.False(_read, "the body was read before");
            _read = true;
            return base.WriteToAsync(stream, cancellationToken);
        }
    }
}
