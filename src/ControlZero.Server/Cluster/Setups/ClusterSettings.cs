using System.Net;
using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Cluster.Tls;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>What cluster this server is a part of, and how the others reach it.</summary>
internal sealed record ClusterSettings
{
    /// <summary>The section: <c>Cluster</c>.</summary>
    public const string SectionName = "Cluster";

    private static readonly string[] PodVariables =
        ["KUBERNETES_SERVICE_HOST", "POD_NAME", "POD_NAMESPACE", "POD_IP", "ORLEANS_SERVICE_ID", "ORLEANS_CLUSTER_ID"];

    private const int LongestId = 40;
    private const int LongestName = 64;

    /// <summary>Where state and membership are kept. Default: embedded, one process without others.</summary>
    public SetupKind Setup { get; init; } = SetupKind.Embedded;

    /// <summary>
    /// What this server is: a silo with its front door, or a front door alone, which asks the silos that open a gateway. Default: silo.
    /// </summary>
    public ServerRole Role { get; init; } = ServerRole.Silo;

    /// <summary>
    /// Name of the cluster, the same on all its servers: 3 to 40 lower-case letters, digits and single inner dashes. State is kept under it, so a
    /// cluster that is renamed begins empty. Default: <c>controlzero</c>.
    /// </summary>
    public string Id { get; init; } = "controlzero";

    /// <summary>
    /// Name of this server's silo, another one on each: up to 64 letters, digits, dots and dashes. Default: the machine's name and the silo's port.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>
    /// Where the other silos reach this one; it listens there. Whoever can connect may call any grain, so the network must let nobody but the
    /// cluster's servers. Default: <c>127.0.0.1:11111</c>; port 0 takes a free one.
    /// </summary>
    public IPEndPoint Silo { get; init; } = new(IPAddress.Loopback, 11111);

    /// <summary>Port, on the silo's address, for front doors without a silo. Default: 0, there are none and nothing listens.</summary>
    public int GatewayPort { get; init; }

    /// <summary>
    /// Where clients reach this server's front door, <c>host:port</c> as they write it: they are told when another server owns an agent. Default: the
    /// address of <c>Listen:Grpc</c>, or that of <see cref="Silo"/> with its port when it listens on all.
    /// </summary>
    public string? FrontDoor { get; init; }

    /// <summary>
    /// The longest wait for an answer to a probe; three missed ones make a silo dead, and nobody gives one up that said anything within three times
    /// this. Shorter: a silo that hangs or is cut off is given up sooner, and one that is merely starved of CPU is too. 1 s to 60 s. Default: 2 s.
    /// </summary>
    public TimeSpan MaxProbe { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether the silo asks Kubernetes which pods of the cluster there are: a silo whose pod was deleted is dead at once, without probes. It needs a pod
    /// with the variables and labels that <c>Microsoft.Orleans.Hosting.Kubernetes</c> names, and the right to read pods. Default: false.
    /// </summary>
    public bool Kubernetes { get; init; }

    /// <summary>TLS between the servers of the cluster. Default: none.</summary>
    public ClusterTlsOptions Tls { get; init; } = new();

    /// <summary>
    /// True: a silo may be reached at an address that is not loopback without TLS, because the network itself lets nobody but the cluster's servers
    /// connect (a network policy, a mesh); each start warns of it. Default: false, such a silo does not start.
    /// </summary>
    public bool AllowInsecure { get; init; }

    /// <summary>Whether other machines may reach the silo in the clear.</summary>
    public bool IsInsecure => HasPeers && HasSilo && !Tls.IsOn && !IsAny(Silo.Address) && !IPAddress.IsLoopback(Silo.Address);

    /// <summary>Whether there is a cluster around this server.</summary>
    public bool HasPeers => Setup != SetupKind.Embedded;

    /// <summary>Whether this server has a silo.</summary>
    public bool HasSilo => Role != ServerRole.FrontDoor;

    /// <summary>Reads the section.</summary>
    public static ClusterSettings Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new ClusterSettings());
        return new()
        {
            Setup = section.OneOf(nameof(Setup), standard.Setup, SetupKind.Embedded, SetupKind.Azure, SetupKind.Postgres),
            Role = section.OneOf(nameof(Role), standard.Role, ServerRole.Silo, ServerRole.FrontDoor),
            Id = section.Text(nameof(Id), standard.Id),
            Name = section.Text(nameof(Name), "") is { Length: > 0 } name ? name : null,
            Silo = section.Address(nameof(Silo), standard.Silo),
            GatewayPort = section.Number(nameof(GatewayPort), standard.GatewayPort, 0, IPEndPoint.MaxPort),
            FrontDoor = section.Text(nameof(FrontDoor), "") is { Length: > 0 } door ? door : null,
            MaxProbe = section.Duration(nameof(MaxProbe), standard.MaxProbe, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
            Kubernetes = section.Flag(nameof(Kubernetes), standard.Kubernetes),
            AllowInsecure = section.Flag(nameof(AllowInsecure), standard.AllowInsecure),
            Tls = ClusterTlsOptions.Read(reader),
        };
    }

    /// <summary>What is wrong with it.</summary>
    public IEnumerable<string> Faults()
    {
        if (!IsId(Id))
        {
            yield return $"Cluster:Id {Quoted.Text(Id)} is no name of a cluster; write 3 to {LongestId} lower-case letters, digits and single inner dashes";
        }

        if (Name is not null && (Name.Length > LongestName || !Name.All(each => char.IsAsciiLetterOrDigit(each) || each is '.' or '-')))
        {
            yield return $"Cluster:Name {Quoted.Text(Name)} is no name of a silo; write up to {LongestName} letters, digits, dots and dashes";
        }

        if (IsAny(Silo.Address))
        {
            yield return $"Cluster:Silo `{Silo}` is no address that other servers could call; write this machine's own, for example `10.0.0.7:11111`";
        }

        if (IsInsecure && !AllowInsecure)
        {
            yield return $"Cluster:Silo `{Silo}` is not a loopback address, and whoever connects to a silo without TLS may call any grain of any tenant; give "
                + "Cluster:Tls:CertificateFile, KeyFile and CaFile, or say Cluster:AllowInsecure=true where a network policy lets nobody else connect";
        }

        foreach (var fault in HasPeers ? Tls.Faults(Id, TimeProvider.System) : [])
        {
            yield return fault;
        }

        if (GatewayPort != 0 && GatewayPort == Silo.Port)
        {
            yield return $"Cluster:GatewayPort `{GatewayPort}` is the port of Cluster:Silo; give it another one";
        }

        if (FrontDoor is not null && (!Uri.TryCreate($"http://{FrontDoor}", UriKind.Absolute, out var door) || door.Authority != FrontDoor))
        {
            yield return $"Cluster:FrontDoor {Quoted.Text(FrontDoor)} is no host:port; write the one that clients have in their addresses, for example `silo-1.example.com:5050`";
        }

        var missing = Kubernetes ? PodVariables.Where(name => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))).ToList() : [];
        if (missing.Count > 0)
        {
            yield return $"Cluster:Kubernetes is set, but this process is in no pod that says who it is: {string.Join(", ", missing)} missing; "
                + "start it as deploy/kubernetes does, or leave it out";
        }

        if (!HasPeers)
        {
            foreach (var unused in UnusedAlone().Concat(UnusedWithoutSilo()))
            {
                yield return $"Cluster:{unused} is set, but an embedded server has no cluster; remove it, or choose Cluster:Setup `azure` or `postgres`";
            }
        }
        else if (!HasSilo)
        {
            foreach (var unused in UnusedWithoutSilo())
            {
                yield return $"Cluster:{unused} is set, but a front door has no silo; remove it, or choose Cluster:Role `silo`";
            }
        }
    }

    private IEnumerable<string> UnusedAlone() =>
        Set((nameof(Role), !HasSilo), (nameof(Id), Id != new ClusterSettings().Id), (nameof(Tls), Tls != new ClusterTlsOptions()));

    private IEnumerable<string> UnusedWithoutSilo()
    {
        var standard = new ClusterSettings();
        return Set(
            (nameof(Name), Name is not null),
            (nameof(Silo), !Silo.Equals(standard.Silo)),
            (nameof(GatewayPort), GatewayPort != 0),
            (nameof(FrontDoor), FrontDoor is not null),
            (nameof(MaxProbe), MaxProbe != standard.MaxProbe),
            (nameof(AllowInsecure), AllowInsecure),
            (nameof(Kubernetes), Kubernetes));
    }

    private static IEnumerable<string> Set(params (string Key, bool IsSet)[] keys) => keys.Where(key => key.IsSet).Select(key => key.Key);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    // Also a container's name in Azure, with `-policies` behind it.
    private static bool IsId(string id) =>
        id.Length is >= 3 and <= LongestId
        && id.All(each => char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || each == '-')
        && id[0] != '-' && id[^1] != '-' && !id.Contains("--", StringComparison.Ordinal);
}
