namespace ControlZero.Server.Hosting.Tls;

/// <summary>
/// The credentials in use. Looks at their files as often as the options say and takes up changed ones for new connections. By content, not by
/// file system events: those do not come for files that are links to a folder which is swapped, as Kubernetes does it.
/// </summary>
internal sealed partial class ServerCredentials : BackgroundService
{
    private readonly TlsOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<ServerCredentials> _logger;
    private volatile Credentials _current;
    private string _seen;

    /// <summary>Reads the files.</summary>
    /// <exception cref="StartupException">They cannot be used.</exception>
    public ServerCredentials(TlsOptions options, TimeProvider clock, ILogger<ServerCredentials> logger)
    {
        var (credentials, faults, _) = CertificateFiles.Read(options, clock);
        _current = credentials ?? throw new StartupException(faults);
        _seen = credentials.Digest;
        (_options, _clock, _logger) = (options, clock, logger);
    }

    /// <summary>What new connections are made with.</summary>
    public Credentials Current => _current;

    /// <summary>Looks at the files once. Files that cannot be used are named once, until they change again.</summary>
    public void Reload()
    {
        var (credentials, faults, digest) = CertificateFiles.Read(_options, _clock);
        if (digest == _seen)
        {
            return;
        }

        _seen = digest;
        if (credentials is null)
        {
            var why = string.Join("; ", faults);
            LogRefused(why);
        }
        else
        {
            _current = credentials;
            var certificate = credentials.Certificate.TargetCertificate;
            var end = certificate.NotAfter.ToUniversalTime();
            LogReloaded(certificate.Subject, end);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(_options.ReloadInterval, _clock);
        try
        {
            while (await tick.WaitForNextTickAsync(stoppingToken))
            {
                Reload();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }
}
