namespace ControlZero.Client.Configuration;

/// <summary>Fills in the TLS files that the options leave open.</summary>
internal static class TlsDefaults
{
    public const string CaVariable = "CONTROLZERO_CA_FILE";
    public const string CertificateVariable = "CONTROLZERO_CLIENT_CERTIFICATE_FILE";
    public const string KeyVariable = "CONTROLZERO_CLIENT_KEY_FILE";

    /// <summary>
    /// Copies what the options say. The environment of a program may name the files of one cluster while the program talks to another
    /// in the clear, so it is read for https only; and a certificate of the options never goes with a key of the environment.
    /// </summary>
    /// <param name="filled">The copy, its url filled in.</param>
    /// <param name="options">What the program says.</param>
    /// <param name="read">Reads a variable; null: it is not set.</param>
    public static void Fill(ControlZeroClientOptions filled, ControlZeroClientOptions options, Func<string, string?> read)
    {
        var secure = ClientTls.IsSecure(filled);
        var own = options.ClientCertificateFile is not null || options.ClientKeyFile is not null;
        filled.CaFile = options.CaFile ?? (secure ? read(CaVariable) : null);
        filled.ClientCertificateFile = own || !secure ? options.ClientCertificateFile : read(CertificateVariable);
        filled.ClientKeyFile = own || !secure ? options.ClientKeyFile : read(KeyVariable);
    }
}
