using System.Collections.Concurrent;
using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Testing.Scripted;

/// <summary>A real gRPC server over HTTP/2 on a free port of this machine that answers as a test tells it to, and keeps what it was asked.</summary>
internal sealed class ScriptedCluster : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Type, Func<object, ServerCallContext, Task<object>>> _answers = new();
    private readonly ConcurrentQueue<ReceivedCall> _calls = new();
    private readonly ConcurrentDictionary<ConnectionContext, bool> _open = new();
    private readonly WebApplication _server;
    private int _connections;
    private volatile bool _isDown;

    private ScriptedCluster()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(CountConnection);
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _server = builder.Build();
        _server.MapGrpcService<ScriptedEnforcementService>();
        _server.MapGrpcService<ScriptedPolicyService>();
        _server.MapGrpcService<ScriptedAgentService>();
        _server.MapGrpcService<ScriptedModelService>();
        _server.MapGrpcService<ScriptedTenantService>();
        _server.MapGrpcService<ScriptedClusterService>();
    }

    /// <summary>Where it listens.</summary>
    public string Url => _server.Urls.Single();

    /// <summary>What it was asked, in order.</summary>
    public IReadOnlyList<ReceivedCall> Calls => [.. _calls];

    /// <summary>The same as <c>host:port</c>.</summary>
    public string Authority => new Uri(Url).Authority;

    /// <summary>How many connections were opened to it.</summary>
    public int Connections => _connections;

    public static async Task<ScriptedCluster> StartAsync()
    {
        var cluster = new ScriptedCluster();
        await cluster._server.StartAsync();
        return cluster;
    }

    /// <summary>The requests of one kind, in order.</summary>
    public IReadOnlyList<TRequest> Received<TRequest>() => [.. _calls.Select(call => call.Message).OfType<TRequest>()];

    /// <summary>Answers every request of that kind.</summary>
    public ScriptedCluster On<TRequest>(Func<TRequest, object> answer) => On<TRequest>((request, _) => Task.FromResult(answer(request)));

    /// <summary>Answers every request of that kind, in its own time.</summary>
    public ScriptedCluster On<TRequest>(Func<TRequest, ServerCallContext, Task<object>> answer)
    {
        _answers[typeof(TRequest)] = (request, context) => answer((TRequest)request, context);
        return this;
    }

    /// <summary>Fails every request of that kind.</summary>
    public ScriptedCluster Fail<TRequest>(RpcException error) => On<TRequest>((_, _) => Task.FromException<object>(error));

    public async Task<TResponse> AnswerAsync<TResponse>(object request, ServerCallContext context)
    {
        _calls.Enqueue(new ReceivedCall(request, context.RequestHeaders, context.Deadline));
        return _answers.TryGetValue(request.GetType(), out var answer)
            ? (TResponse)await answer(request, context)
            : throw new RpcException(new Status(StatusCode.Internal, $"the test scripts no answer to {request.GetType().Name}"));
    }

    /// <summary>Goes away as a killed process does: connections are cut with calls under way, and nobody listens any more.</summary>
    public async Task KillAsync()
    {
        GoDown();
        await StopAsync();
    }

    /// <summary>Cuts every connection and each new one, but keeps the port for <see cref="ComeBack"/>.</summary>
    public void GoDown()
    {
        _isDown = true;
        foreach (var connection in _open.Keys)
        {
            connection.Abort();
        }
    }

    /// <summary>Takes connections again.</summary>
    public void ComeBack() => _isDown = false;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _server.DisposeAsync();
    }

    private async Task StopAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _server.StopAsync(atOnce.Token);
    }

    private ConnectionDelegate CountConnection(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref _connections);
        _open[connection] = true;
        if (_isDown)
        {
            connection.Abort();
        }

        try
        {
            await next(connection);
        }
        finally
        {
            _open.TryRemove(connection, out _);
        }
    };
}

/// <summary>One call as it arrived.</summary>
/// <param name="Message">The request.</param>
/// <param name="Headers">Its headers.</param>
/// <param name="Deadline">Until when the caller waits. <see cref="DateTime.MaxValue"/>: for ever.</param>
internal sealed record ReceivedCall(object Message, Metadata Headers, DateTime Deadline);
