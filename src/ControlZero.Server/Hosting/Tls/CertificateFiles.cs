using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Server.Hosting.Tls;

/// <summary>Reads the files that <see cref="TlsOptions"/> names. What they hold is read once and used as read, so that a file replaced meanwhile does not mix in.</summary>
internal sealed class CertificateFiles
{
    private readonly List<string> _faults = [];
    private readonly StringBuilder _digest = new();

    private readonly TlsOptions _options;

    private CertificateFiles(TlsOptions options) => _options = options;

    /// <summary>The credentials, or every fault there is, and in any case what the files held.</summary>
    public static (Credentials? Credentials, IReadOnlyList<string> Faults, string Digest) Read(TlsOptions options, TimeProvider clock)
    {
        var files = new CertificateFiles(options);
        var chain = options.PfxFile is { } pfx ? files.ReadPfx(pfx, options.PfxPassword) : files.ReadPem(options.CertificateFile!, options.KeyFile);
        var authorities = options.ClientCaFile is { } ca ? files.ReadAuthorities(ca) : null;
        if (chain is not null)
        {
            files.CheckTime(options.PfxFile is null ? nameof(TlsOptions.CertificateFile) : nameof(TlsOptions.PfxFile), chain[0], clock);
        }

        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(files._digest.ToString())));
        if (files._faults.Count > 0)
        {
            return (null, files._faults, digest);
        }

        var context = SslStreamCertificateContext.Create(chain![0], [.. chain.Skip(1)], offline: true);
        return (new Credentials(context, authorities, digest), [], digest);
    }

    // The certificate with its key first, then the intermediate ones.
    private X509Certificate2Collection? ReadPem(string certificateFile, string? keyFile)
    {
        var text = ReadText(nameof(TlsOptions.CertificateFile), certificateFile);
        var key = keyFile is null ? text : ReadText(nameof(TlsOptions.KeyFile), keyFile);
        if (text is null || key is null)
        {
            return null;
        }

        if (Import(text) is not { Count: > 0 } chain)
        {
            return Refuse(nameof(TlsOptions.CertificateFile), certificateFile, "holds no certificate in PEM form", "write the server's certificate first, then the intermediate ones");
        }

        try
        {
            chain[0] = X509Certificate2.CreateFromPem(text, key);
            return chain;
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return Refuse(
                nameof(TlsOptions.KeyFile),
                keyFile ?? certificateFile,
                "holds no private key, in PEM form and not encrypted, that belongs to the certificate",
                $"give the key that {Quoted.Path(certificateFile)} was made with");
        }
    }

    private X509Certificate2Collection? ReadPfx(string file, string? password)
    {
        if (ReadBytes(nameof(TlsOptions.PfxFile), file) is not { } bytes)
        {
            return null;
        }

        try
        {
            var all = X509CertificateLoader.LoadPkcs12Collection(bytes, password);
            if (all.FirstOrDefault(certificate => certificate.HasPrivateKey) is { } own)
            {
                return [own, .. all.Where(certificate => certificate != own)];
            }
        }
        catch (CryptographicException)
        {
            // Said below: what it is that does not fit is not known.
        }

        return Refuse(nameof(TlsOptions.PfxFile), file, "holds no certificate with its private key that Tls:PfxPassword opens", "check the file and the password");
    }

    private X509Certificate2Collection? ReadAuthorities(string file) =>
        ReadText(_options.AuthoritiesKey, file) is not { } text ? null
        : Import(text) is { Count: > 0 } authorities ? authorities
        : Refuse(_options.AuthoritiesKey, file, "holds no certificate in PEM form", "write the certificates of the authorities that sign the callers'");

    private void CheckTime(string key, X509Certificate2 certificate, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        if (now >= certificate.NotAfter.ToUniversalTime() || now < certificate.NotBefore.ToUniversalTime())
        {
            _faults.Add($"{_options.Section}:{key} holds a certificate for {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} to "
                + $"{certificate.NotAfter.ToUniversalTime():yyyy-MM-dd} only; every client would refuse it: renew it, or set the clock");
        }
    }

    private static X509Certificate2Collection? Import(string text)
    {
        try
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPem(text);
            return all;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private string? ReadText(string key, string file) => ReadBytes(key, file) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private byte[]? ReadBytes(string key, string file)
    {
        try
        {
            var bytes = File.ReadAllBytes(file);
            _digest.AppendLine(Convert.ToHexString(SHA256.HashData(bytes)));
            return bytes;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _digest.AppendLine("none");
            Refuse(key, file, "cannot be read", "check the path and its permissions");
            return null;
        }
    }

    private X509Certificate2Collection? Refuse(string key, string file, string fault, string remedy)
    {
        _faults.Add($"{_options.Section}:{key} {Quoted.Path(file)} {fault}; {remedy}");
        return null;
    }
}
