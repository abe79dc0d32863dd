using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Request = Azure.Core.Request;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>A silo builder that collects services and builds no silo.</summary>
internal sealed class ServicesOnly(IConfiguration configuration) : ISiloBuilder
{
    public IServiceCollection Services { get; } = new ServiceCollection().AddOptions();

    public IConfiguration Configuration { get; } = configuration;
}

/// <summary>An identity that says it was asked, so that no request leaves the machine.</summary>
internal sealed class NamedCredential : TokenCredential
{
    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => throw new AskedException();

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        throw new AskedException();

    internal sealed class AskedException : Exception;
}

/// <summary>A transport that keeps the addresses it was given and sends nothing.</summary>
internal sealed class NoNetwork : HttpPipelineTransport, IDisposable
{
    private readonly HttpClientTransport _inner = new();

    public List<Uri> Asked { get; } = [];

    public override Request CreateRequest() => _inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("the provider is asynchronous");

    public override ValueTask ProcessAsync(HttpMessage message)
    {
        Asked.Add(message.Request.Uri.ToUri());
        throw new UsedException();
    }

    public void Dispose() => _inner.Dispose();

    internal sealed class UsedException : Exception;
}
