using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting.Tls;

/// <summary>
/// Who the server proves to be, and who its callers must prove to be. Both ports speak TLS 1.2 or 1.3 when there is a certificate, else none.
/// </summary>
internal sealed record TlsOptions
{
    /// <summary>The section: <c>Tls</c>.</summary>
    public const string SectionName = "Tls";

    /// <summary>The shortest <see cref="ReloadInterval"/>.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest.</summary>
    public static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);

    /// <summary>The section that these options were read from, for what is said of them. Default: <see cref="SectionName"/>.</summary>
    public string Section { get; init; } = SectionName;

    /// <summary>The key that names the authorities. Default: <see cref="ClientCaFile"/>.</summary>
    public string AuthoritiesKey { get; init; } = nameof(ClientCaFile);

    /// <summary>PEM file: the server's certificate, then the intermediate ones up to the root. Default: none, no TLS.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file: the private key of the certificate, not encrypted. Default: <see cref="CertificateFile"/> holds it too.</summary>
    public string? KeyFile { get; init; }

    /// <summary>PKCS #12 file: certificate, intermediate ones and private key; instead of the PEM files. Default: none.</summary>
    public string? PfxFile { get; init; }

    /// <summary>Password of <see cref="PfxFile"/>. Never shown. Default: none.</summary>
    public string? PfxPassword { get; init; }

    /// <summary>
    /// PEM file: the authorities whose client certificates are accepted, and no others. A caller without one is refused in the handshake,
    /// before a request is read. Default: none, callers need a key only.
    /// </summary>
    public string? ClientCaFile { get; init; }

    /// <summary>
    /// False: with <see cref="ClientCaFile"/>, the HTTP port asks for no client certificate, for probes that have none. Default: true.
    /// </summary>
    public bool HttpNeedsClientCertificate { get; init; } = true;

    /// <summary>
    /// How often the files are looked at. Changed ones are taken up for new connections; when they cannot be, a warning says so and the ones in
    /// use stay. Default: 10s, from 100ms to 1d.
    /// </summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the ports speak TLS.</summary>
    public bool IsOn => CertificateFile is not null || PfxFile is not null;

    /// <summary>Reads the section.</summary>
    public static TlsOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new TlsOptions());
        return new()
        {
            CertificateFile = section.File(nameof(CertificateFile)),
            KeyFile = section.File(nameof(KeyFile)),
            PfxFile = section.File(nameof(PfxFile)),
            PfxPassword = section.Secret(nameof(PfxPassword)),
            ClientCaFile = section.File(nameof(ClientCaFile)),
            HttpNeedsClientCertificate = section.Flag(nameof(HttpNeedsClientCertificate), standard.HttpNeedsClientCertificate),
            ReloadInterval = section.Duration(nameof(ReloadInterval), standard.ReloadInterval, ShortestInterval, LongestInterval),
        };
    }

    /// <summary>What is wrong with it, the files it names included.</summary>
    public IEnumerable<string> Faults(TimeProvider clock)
    {
        var faults = ShapeFaults().ToList();
        return faults.Count > 0 || !IsOn ? faults : CertificateFiles.Read(this, clock).Faults;
    }

    private IEnumerable<string> ShapeFaults()
    {
        if (CertificateFile is not null && PfxFile is not null)
        {
            yield return $"Tls:CertificateFile {Quoted.Path(CertificateFile)} and Tls:PfxFile {Quoted.Path(PfxFile)} say the same thing twice; give one of them";
        }

        if (KeyFile is not null && CertificateFile is null)
        {
            yield return $"Tls:KeyFile {Quoted.Path(KeyFile)} is the key of no certificate; give Tls:CertificateFile too, or leave it out";
        }

        if (PfxPassword is not null && PfxFile is null)
        {
            yield return "Tls:PfxPassword is the password of no file; give Tls:PfxFile too, or leave it out";
        }

        if (ClientCaFile is not null && !IsOn)
        {
            yield return $"Tls:ClientCaFile {Quoted.Path(ClientCaFile)} needs TLS; give the server's certificate with Tls:CertificateFile and Tls:KeyFile";
        }

        if (!HttpNeedsClientCertificate && ClientCaFile is null)
        {
            yield return "Tls:HttpNeedsClientCertificate `false` is an exception to client certificates, and none are asked for; "
                + "give Tls:ClientCaFile, or leave it out";
        }
    }
}
