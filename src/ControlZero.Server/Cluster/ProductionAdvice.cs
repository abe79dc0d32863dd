using System.Net;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;

namespace ControlZero.Server.Cluster;

/// <summary>What differs from production advice. Pure: the same set-up, the same advice.</summary>
internal static class ProductionAdvice
{
    private const int FewestSilos = 3;

    /// <summary>All of it, errors first.</summary>
    public static IReadOnlyList<Advice> For(Setup setup) =>
        [.. Tls(setup).Concat(Silos(setup)).Concat(Secrets(setup)).Concat(AuditLog(setup)).Concat(Operation(setup)).OrderBy(advice => advice.Severity)];

    private static IEnumerable<Advice> Tls(Setup setup)
    {
        if (!setup.Tls && IPAddress.IsLoopback(setup.GrpcAddress))
        {
            yield return Warning("no_tls", "gRPC is spoken without TLS, on this machine only", "before other machines call, put TLS in front of it");
        }
        else if (!setup.Tls)
        {
            yield return Error("no_tls", "gRPC is spoken without TLS, and keys cross the network in the clear", "configure a certificate");
        }

        if (setup.InsecureSilo)
        {
            yield return Warning(
                "no_cluster_tls",
                "silos are reached without TLS: whoever the network lets connect to one may call any grain of any tenant",
                "give them certificates with Cluster:Tls, or make sure of the network policy");
        }
    }

    private static IEnumerable<Advice> Silos(Setup setup)
    {
        if (setup.Storage == "embedded")
        {
            yield return Warning(
                "embedded_storage",
                "state is one file on this machine: it ends with the machine, and no second server can share it",
                "use a storage that several servers reach, and back up the data directory until then");
        }

        if (setup.Silos.Length < FewestSilos)
        {
            yield return Warning(
                "few_silos",
                $"{setup.Silos.Length} active of the {FewestSilos} silos that production wants: while one is replaced, decisions may stop",
                $"run at least {FewestSilos} silos");
        }

        var versions = setup.Silos.Select(silo => silo.Version).Where(version => version.Length > 0).Distinct().Order(StringComparer.Ordinal).ToList();
        if (versions.Count > 1)
        {
            yield return Warning("mixed_versions", $"silos run {string.Join(" and ", versions)}", "finish the upgrade");
        }

        foreach (var (name, _, reasons) in setup.Silos.Where(silo => !silo.NotReady.IsEmpty))
        {
            yield return Error("silo_not_ready", $"silo `{name}` is not ready: {string.Join(", ", reasons)}", "look at its log");
        }
    }

    private static IEnumerable<Advice> Secrets(Setup setup)
    {
        if (setup.AdminKeyFile)
        {
            yield return Error(
                "admin_key_file",
                "the first key, which may do everything, still lies in the file `admin.key` of the data directory",
                "keep it in a vault, make keys with fewer scopes for daily work, and remove the file");
        }

        if (setup.DataOpenToOthers)
        {
            yield return Error("data_directory_mode", "others than its owner may look into the data directory", "give it mode 0700");
        }

        if (setup.Privileged)
        {
            yield return Warning("privileged", "the server runs with an administrator's rights", "run it as a user of its own");
        }

        if (setup.Diagnostics)
        {
            yield return Warning(
                "diagnostics_port",
                "another process of the same user can dump the server's memory, and with it keys",
                "start it with DOTNET_EnableDiagnostics=0");
        }
    }

    private static IEnumerable<Advice> AuditLog(Setup setup)
    {
        if (setup.Audit == AuditLevel.Off)
        {
            yield return Error("no_audit", "decisions leave no trace: Audit:Mode is `off`", "set it to `durable` where decisions must be accounted for");
        }

        if (setup.Audit == AuditLevel.Buffered)
        {
            yield return Warning(
                "audit_buffered",
                "answers do not wait for their audit events: a crash loses the last of them, counted but gone",
                "set Audit:Mode to `durable` where every decision must be accounted for");
        }

        if (setup.AuditTrouble.Answers is { } trouble)
        {
            yield return Error("audit_unavailable", $"this server answers nothing, because it cannot record it: {trouble}", "give its disk room, or its audit log its sink back");
        }

        if (setup.AuditTrouble.Sink is { } sink)
        {
            yield return Error(
                "audit_sink_gone",
                $"the place the audit log is kept in takes nothing, and events wait on this server's disk: {sink}",
                "bring it back before Audit:SpillMegabytes are full; until then, do not remove this server's disk");
        }

        if (setup.Audit == AuditLevel.Off)
        {
            yield break;
        }

        if (setup is { AuditSink: AuditSinkKind.Files, IsFrontDoor: true })
        {
            yield return Error(
                "frontdoor_audit_local",
                "this front door keeps the events of its answers on its own disk, where no query finds them: each names this front door as unreachable",
                "set Audit:Sink to `azure`, on all servers of the cluster");
        }
        else if (setup.AuditSink == AuditSinkKind.Files && setup.Storage != "embedded")
        {
            yield return Warning(
                "audit_on_server_disks",
                "each server's part of the audit log is on its own disk, and lost with it",
                "set Audit:Sink to `azure`, or keep the servers' disks and copy them");
        }

        if (!setup.AuditSigned)
        {
            yield return Warning(
                "audit_unsigned",
                "the audit log's ledger is unsigned: whoever can write the log can write it anew, and nothing shows it",
                "give Audit:Signing:KeyFile, and keep the public key elsewhere");
        }
    }

    private static IEnumerable<Advice> Operation(Setup setup)
    {
        if (setup.UnknownAgentsAllowed)
        {
            yield return Warning(
                "unknown_agents_allowed",
                "your tenant registers any agent that is asked about: a made-up id is as good as a known one",
                "create tenants with unknown_agents `deny`, and register agents with `cz agent put`");
        }

        if (!setup.Metrics)
        {
            yield return Warning("no_metrics", "nobody can read the server's metrics", "turn Prometheus on, or name a collector");
        }
    }

    private static Advice Error(string id, string finding, string remedy) =>
        new() { Id = id, Severity = AdviceSeverity.Error, Finding = finding, Remedy = remedy };

    private static Advice Warning(string id, string finding, string remedy) =>
        new() { Id = id, Severity = AdviceSeverity.Warning, Finding = finding, Remedy = remedy };
}
