using Azure.Core;
using Azure.Core.Pipeline;
using ControlZero.Audit.Tests.Sinks;
using Request = Azure.Core.Request;

namespace ControlZero.Audit.Tests.Azure;

/// <summary>The connection to the blob service, with faults on the appends of blocks.</summary>
internal sealed class FaultyTransport(SinkFaults faults) : HttpPipelineTransport, IDisposable
{
    private readonly HttpClientTransport _inner = new();

    public void Dispose() => _inner.Dispose();

    public override Request CreateRequest() => _inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("the sink is asynchronous");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        if (message.Request.Uri.Query.Contains("comp=appendblock", StringComparison.Ordinal))
        {
            await faults.SufferAsync(() => _inner.ProcessAsync(message).AsTask(), message.CancellationToken);
        }
        else
        {
            await _inner.ProcessAsync(message);
        }
    }
}
