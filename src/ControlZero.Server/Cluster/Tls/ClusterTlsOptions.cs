using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Hosting.Configuration;
using ControlZero.Server.Hosting.Tls;

namespace ControlZero.Server.Cluster.Tls;

/// <summary>
/// How the servers of a cluster prove to each other that they are its servers: TLS on both sides, silo ports and gateways, with certificates of an
/// authority of the cluster's own.
/// </summary>
internal sealed record ClusterTlsOptions
{
    /// <summary>The section: <c>Cluster:Tls</c>.</summary>
    public const string SectionName = "Cluster:Tls";

    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>PEM file: this server's certificate, for servers and clients, then the intermediate ones. Default: none, no TLS.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>PEM file: its private key, not encrypted. Default: <see cref="CertificateFile"/> holds it too.</summary>
    public string? KeyFile { get; init; }

    /// <summary>PEM file: the authorities whose certificates make a server of this cluster, and no others. Required with a certificate.</summary>
    public string? CaFile { get; init; }

    /// <summary>
    /// The DNS name that every server's certificate must carry (subject alternative name), so that what else the authority signs is no server of this
    /// cluster. Default: <c>Cluster:Id</c>.
    /// </summary>
    public string? PeerName { get; init; }

    /// <summary>How often the files are looked at; changed ones are used for new connections. Default: 10s, from 100ms to 1d.</summary>
    public TimeSpan ReloadInterval { get; init; } = new TlsOptions().ReloadInterval;

    /// <summary>Whether connections are made with TLS, and no others.</summary>
    public bool IsOn => CertificateFile is not null;

    /// <summary>The files, as the ones of the front door are read.</summary>
    public TlsOptions Files => new()
    {
        Section = SectionName,
        AuthoritiesKey = nameof(CaFile),
        CertificateFile = CertificateFile,
        KeyFile = KeyFile,
        ClientCaFile = CaFile,
        ReloadInterval = ReloadInterval,
    };

    /// <summary>Reads the section.</summary>
    public static ClusterTlsOptions Read(SettingReader reader)
    {
        var section = reader.Section(SectionName);
        return new()
        {
            CertificateFile = section.File(nameof(CertificateFile)),
            KeyFile = section.File(nameof(KeyFile)),
            CaFile = section.File(nameof(CaFile)),
            PeerName = section.Text(nameof(PeerName), "") is { Length: > 0 } name ? name : null,
            ReloadInterval = section.Duration(nameof(ReloadInterval), new ClusterTlsOptions().ReloadInterval, TlsOptions.ShortestInterval, TlsOptions.LongestInterval),
        };
    }

    /// <summary>The name that certificates must carry.</summary>
    /// <param name="cluster">Id of the cluster.</param>
    public string NameOfPeers(string cluster) => PeerName ?? cluster;

    /// <summary>What is wrong with it, the files included; also that the others would refuse this server's own certificate.</summary>
    /// <param name="cluster">Id of the cluster.</param>
    /// <param name="clock">The present.</param>
    public IEnumerable<string> Faults(string cluster, TimeProvider clock)
    {
        if (!IsOn)
        {
            (string Key, bool IsSet)[] keys = [(nameof(KeyFile), KeyFile is not null), (nameof(CaFile), CaFile is not null), (nameof(PeerName), PeerName is not null)];
            return keys.Where(key => key.IsSet)
                .Select(key => $"{SectionName}:{key.Key} is set, but there is no certificate; give {SectionName}:{nameof(CertificateFile)}, or leave it out");
        }

        if (CaFile is null)
        {
            return [$"{SectionName}:{nameof(CertificateFile)} {Quoted.Path(CertificateFile!)} needs the authority that the others' certificates are of; "
                + $"give {SectionName}:{nameof(CaFile)}"];
        }

        if (PeerName is not null && Uri.CheckHostName(PeerName) != UriHostNameType.Dns)
        {
            return [$"{SectionName}:{nameof(PeerName)} {Quoted.Text(PeerName)} is no DNS name; write the one in the servers' certificates, for example `controlzero`"];
        }

        var (credentials, faults, _) = CertificateFiles.Read(Files, clock);
        return credentials is null ? faults : OwnFaults(credentials, NameOfPeers(cluster), clock);
    }

    // Found at the start of this server, not in the logs of the others.
    private static IEnumerable<string> OwnFaults(Credentials credentials, string name, TimeProvider clock)
    {
        var own = credentials.Certificate.TargetCertificate;
        if (!own.MatchesHostname(name, allowCommonName: false))
        {
            yield return $"{SectionName}:{nameof(CertificateFile)} holds a certificate without the DNS name `{name}`, by which the cluster's servers know each other; "
                + $"issue it with that subject alternative name, or set {SectionName}:{nameof(PeerName)} on all of them";
        }

        foreach (var (use, what) in new[] { (ServerUse, "servers"), (ClientUse, "clients") })
        {
            using var chain = new X509Chain();
            chain.ChainPolicy = credentials.PeerPolicy();
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
            chain.ChainPolicy.ExtraStore.AddRange(credentials.Certificate.IntermediateCertificates.ToArray());
            chain.ChainPolicy.VerificationTime = clock.GetLocalNow().DateTime;
            if (!chain.Build(own))
            {
                yield return $"{SectionName}:{nameof(CertificateFile)} holds a certificate that the other servers refuse, as one for {what} of an authority in "
                    + $"{SectionName}:{nameof(CaFile)} ({string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())}); "
                    + "issue it for both uses, and check the authority";
            }
        }
    }
}
