using System.Net.Security;
using Grpc.Net.Client;

namespace ControlZero.Client.Transport;

/// <summary>Opens the channel to one address.</summary>
internal static class Channels
{
    /// <summary>Unit: bytes. The largest answer; a page of policies is well below.</summary>
    private const int MaxAnswerBytes = 8 * 1024 * 1024;

    /// <summary>A channel over HTTP/2: in the clear for http, with TLS for https.</summary>
    /// <param name="address">The address.</param>
    /// <param name="tls">What handshakes are made with. Null: as the machine does.</param>
    /// <param name="connectTimeout">How long opening a connection may take, so that there is time to ask another address.</param>
    public static GrpcChannel Open(Uri address, SslClientAuthenticationOptions? tls, TimeSpan connectTimeout)
    {
        var secure = address.Scheme == Uri.UriSchemeHttps;
        var handler = new SocketsHttpHandler
        {
            // A redirect would carry questions to where the program never sent them.
            AllowAutoRedirect = false,
            UseCookies = false,
            // HTTP/2 in the clear does not get through an HTTP proxy; TLS does, by CONNECT.
            UseProxy = secure,
            // An idle connection that a firewall dropped is noticed before the next question waits for it.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = connectTimeout,
        };
        if (tls is not null)
        {
            handler.SslOptions = tls;
        }

        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxAnswerBytes,
            // While gRPC waits before it connects again, calls fail without trying. Its own longest wait is two minutes.
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(50),
            MaxReconnectBackoff = TimeSpan.FromSeconds(1),
        });
    }
}
