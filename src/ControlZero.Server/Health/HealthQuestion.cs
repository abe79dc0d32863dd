using System.Diagnostics.CodeAnalysis;
using System.Net;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Health;

/// <summary>
/// The question that <c>health</c> asks: is the server which these settings describe, on this machine, ready? For supervisors of images that
/// have no shell and no <c>curl</c>.
/// </summary>
internal static class HealthQuestion
{
    /// <summary>How long the server may take to answer. Supervisors should wait longer than this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks the server.</summary>
    /// <param name="options">The settings that the server was started with.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    /// <returns>Whether it is ready, and its answer or why there was none.</returns>
    public static async Task<(bool Ready, string Answer)> AskAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        var page = Page(options);
        if (page.Port == 0)
        {
            return (false, "not asked: Listen:Http has port 0, so nobody knows where the server listens; set the port it took, or another one for both");
        }

        try
        {
            using var client = new HttpClient(Handler()) { Timeout = Patience };
            using var question = new HttpRequestMessage(HttpMethod.Get, page);
            question.Headers.Host = HostName(options.Listen);
            using var answer = await client.SendAsync(question, cancellationToken);
            return (answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, $"no answer from {page} within {Patience.TotalSeconds} s");
        }
        catch (HttpRequestException failure)
        {
            return (false, $"no answer from {page}: {failure.GetBaseException().Message.TrimEnd('.')}{Remedy(options)}");
        }
    }

    // An address that stands for all of the machine's is reached on loopback.
    private static Uri Page(ServerOptions options)
    {
        var at = options.Listen.Http;
        var address = at.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : at.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : at.Address;
        return new Uri($"{(options.Tls.IsOn ? "https" : "http")}://{new IPEndPoint(address, at.Port)}/health/ready");
    }

    [SuppressMessage(
        "Security",
        "CA5359:Do not disable certificate validation",
        Justification = "the certificate is made for the names of callers elsewhere; nothing is told to whoever answers here, and what he says opens nothing")]
    private static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    };

    // A server that is asked under some names only is asked under one of them.
    private static string? HostName(ListenOptions listen) =>
        listen.AllowedHosts.Count == 0 ? null : listen.AllowedHosts[0] == "*" ? null : listen.AllowedHosts[0].Replace("*", "health", StringComparison.Ordinal);

    private static string Remedy(ServerOptions options) => options.Tls is { ClientCaFile: not null, HttpNeedsClientCertificate: true }
        ? "; the HTTP port asks for a client certificate, which this question has none of: set Tls:HttpNeedsClientCertificate=false"
        : "";
}
