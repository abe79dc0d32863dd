using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ControlZero.Client.Configuration;

/// <summary>What the client's handshakes are made with, read from the files of its options.</summary>
internal static class ClientTls
{
    /// <summary>Whether the options say https.</summary>
    public static bool IsSecure(ControlZeroClientOptions options) => options.Url?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The terms of a handshake. Null: those of the machine.</summary>
    /// <param name="options">Filled-in options without faults.</param>
    public static SslClientAuthenticationOptions? Read(ControlZeroClientOptions options) => Read(options, []);

    /// <summary>What is wrong with the files.</summary>
    public static IEnumerable<string> Faults(ControlZeroClientOptions options)
    {
        var faults = new List<string>();
        if (!IsSecure(options) && (options.CaFile ?? options.ClientCertificateFile ?? options.ClientKeyFile) is { } file)
        {
            faults.Add($"Url: `{file}` is for TLS, and the address is not https; write `https://host:port`, or leave CaFile, ClientCertificateFile and ClientKeyFile out");
        }
        else if (options.ClientKeyFile is not null && options.ClientCertificateFile is null)
        {
            faults.Add($"ClientKeyFile: `{options.ClientKeyFile}` is the key of no certificate; set ClientCertificateFile or `{TlsDefaults.CertificateVariable}` too");
        }
        else
        {
            Read(options, faults);
        }

        return faults;
    }

    private static SslClientAuthenticationOptions? Read(ControlZeroClientOptions options, List<string> faults)
    {
        if (options.CaFile is null && options.ClientCertificateFile is null)
        {
            return null;
        }

        var terms = new SslClientAuthenticationOptions();
        if (options.CaFile is { } ca && ReadCertificates(nameof(options.CaFile), ca, faults) is { } authorities)
        {
            terms.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            terms.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (options.ClientCertificateFile is { } file && ReadCertificates(nameof(options.ClientCertificateFile), file, faults) is { } chain)
        {
            try
            {
                var own = X509Certificate2.CreateFromPemFile(file, options.ClientKeyFile);
                terms.ClientCertificateContext = SslStreamCertificateContext.Create(own, [.. chain.Skip(1)], offline: true);
            }
            catch (Exception error) when (IsUseless(error))
            {
                faults.Add($"ClientKeyFile: `{options.ClientKeyFile ?? file}` holds no private key, in PEM form and not encrypted, that belongs to the certificate; "
                    + $"give the key that `{file}` was made with");
            }
        }

        return terms;
    }

    private static X509Certificate2Collection? ReadCertificates(string option, string file, List<string> faults)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception error) when (IsUseless(error))
        {
            // Said below: a file that cannot be read holds none either.
        }

        if (certificates.Count > 0)
        {
            return certificates;
        }

        faults.Add($"{option}: `{file}` cannot be read or holds no certificate in PEM form; check the path, its permissions and what is in it");
        return null;
    }

    private static bool IsUseless(Exception error) => error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;
}
