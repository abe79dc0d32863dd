using System.Net;
using System.Net.Sockets;
using ControlZero.Client.Errors;
using Grpc.Core;

namespace ControlZero.Client.Tests.Transport;

/// <summary>A server that stops ends its connections in order; a call that was just under way then has no answer.</summary>
public sealed class LostConnectionTests
{
    [Theory]
    [InlineData(0, StatusCode.Unavailable)]
    [InlineData(2, StatusCode.Internal)]
    public void Error_OfAConnectionThatEnded_IsUnavailableWhenItEndedInOrder(long http2Code, StatusCode expected)
    {
        var cause = new HttpRequestException(HttpRequestError.HttpProtocolError, "closed", new HttpProtocolException(http2Code, "closed", null));

        var error = ErrorDecoding.Decode(new RpcException(new Status(StatusCode.Internal, "Error starting gRPC call.", cause)));

        Assert.Equal((expected, false), (error.StatusCode, ErrorDecoding.WasNotSent(error)));
    }

    [Theory]
    [InlineData(HttpRequestError.Unknown, StatusCode.Unavailable)] // how .NET says that the handshake of HTTP/2 was not completed
    [InlineData(HttpRequestError.ResponseEnded, StatusCode.Unavailable)]
    [InlineData(HttpRequestError.SecureConnectionError, StatusCode.Internal)]
    public void Error_OfACallThatNothingAnswered_IsUnavailableUnlessTheServerIsNotTrusted(HttpRequestError kind, StatusCode expected)
    {
        var cause = new HttpRequestException(kind, "the server did not complete the HTTP/2 handshake");

        var error = ErrorDecoding.Decode(new RpcException(new Status(StatusCode.Internal, "Error starting gRPC call.", cause)));

        Assert.Equal(expected, error.StatusCode);
    }

    [Fact]
    public async Task Call_WhoseConnectionIsTakenAndDropped_IsUnavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new ControlZeroClient(new ControlZeroClientOptions
        {
            Url = $"http://{listener.LocalEndpoint}",
            ApiKey = "key",
            AgentId = "agent-1",
            Timeout = TimeSpan.FromMinutes(1),
            MaxAttempts = 1,
        });
        var dropping = DropAsync(listener);

        for (var call = 0; call < 20; call++)
        {
            var answer = await client.CheckAsync(new EnforceQuery { Action = "a:b" });
            Assert.Equal("STATE_UNAVAILABLE", answer.ReasonCode);
        }

        // A connection the client keeps for its next call would be waited for.
        client.Dispose();
        listener.Stop();
        await dropping;
    }

    // Half of them at once, half after the client's preface has come.
    private static async Task DropAsync(TcpListener listener)
    {
        for (var taken = 0; ; taken++)
        {
            try
            {
                using var connection = await listener.AcceptSocketAsync();
                if (taken % 2 == 1)
                {
                    await connection.ReceiveAsync(new byte[24]);
                }
            }
            catch (SocketException) when (listener.Server.IsBound)
            {
                // The client dropped it first.
            }
            catch (Exception over) when (over is SocketException or InvalidOperationException or ObjectDisposedException)
            {
                // The test is over.
                return;
            }
        }
    }
}
