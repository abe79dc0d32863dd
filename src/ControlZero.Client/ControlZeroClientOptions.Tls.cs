namespace ControlZero.Client;

public sealed partial class ControlZeroClientOptions
{
    /// <summary>
    /// PEM file: the authorities that may vouch for the cluster, instead of those the machine trusts. For <c>https</c> only.
    /// Default: the environment's <c>CONTROLZERO_CA_FILE</c>, read for <c>https</c> only, else those the machine trusts.
    /// </summary>
    public string? CaFile { get; set; }

    /// <summary>
    /// PEM file: the certificate this client presents, then the intermediate ones, for clusters that ask for one. For <c>https</c> only; read
    /// once, when the client is made. Default: the environment's <c>CONTROLZERO_CLIENT_CERTIFICATE_FILE</c>, read for <c>https</c> only, else none.
    /// </summary>
    public string? ClientCertificateFile { get; set; }

    /// <summary>
    /// PEM file: the private key of <see cref="ClientCertificateFile"/>, not encrypted. Default: the environment's
    /// <c>CONTROLZERO_CLIENT_KEY_FILE</c>, read for <c>https</c> only, else the certificate's file holds it too.
    /// </summary>
    public string? ClientKeyFile { get; set; }
}
