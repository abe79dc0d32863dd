using System.Net;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Cluster;

namespace ControlZero.Server.Tests.Cluster;

public sealed class ProductionAdviceTests
{
    private static readonly Setup Good = new()
    {
        Storage = "postgres",
        GrpcAddress = IPAddress.Any,
        Tls = true,
        InsecureSilo = false,
        Silos = [("a", "1.0", []), ("b", "1.0", []), ("c", "1.0", [])],
        Audit = AuditLevel.Durable,
        AuditSink = AuditSinkKind.Azure,
        AuditSigned = true,
        AdminKeyFile = false,
        DataOpenToOthers = false,
        UnknownAgentsAllowed = false,
        Metrics = true,
        Privileged = false,
        Diagnostics = false,
    };

    public static TheoryData<string, string, string> Faults() => new()
    {
        { "embedded", "Warning embedded_storage", "" },
        { "plain", "Error no_tls", "" },
        { "plain-loopback", "Warning no_tls", "" },
        { "insecure-silo", "Warning no_cluster_tls", "" },
        { "two-silos", "Warning few_silos", "2 active of the 3" },
        { "versions", "Warning mixed_versions", "silos run 1.0 and 2.0" },
        { "draining", "Error silo_not_ready", "silo `b` is not ready: draining" },
        { "admin-key", "Error admin_key_file", "" },
        { "open-data", "Error data_directory_mode", "" },
        { "root", "Warning privileged", "" },
        { "diagnostics", "Warning diagnostics_port", "" },
        { "no-audit", "Error no_audit", "" },
        { "buffered", "Warning audit_buffered", "" },
        { "audit-unavailable", "Error audit_unavailable", "cannot record it: the disk is full" },
        { "sink-gone", "Error audit_sink_gone", "wait on this server's disk: no route" },
        { "frontdoor-files", "Error frontdoor_audit_local", "" },
        { "audit-files", "Warning audit_on_server_disks", "" },
        { "unsigned", "Warning audit_unsigned", "" },
        { "unknown-agents", "Warning unknown_agents_allowed", "" },
        { "no-metrics", "Warning no_metrics", "" },
    };

    [Fact]
    public void Advice_ForASetupAsItShouldBe_IsNone() => Assert.Empty(ProductionAdvice.For(Good));

    [Theory]
    [MemberData(nameof(Faults))]
    public void Advice_ForOneFault_NamesItAndARemedy(string fault, string expected, string finding)
    {
        var advice = Assert.Single(ProductionAdvice.For(With(fault)));

        Assert.Equal(expected, $"{advice.Severity} {advice.Id}");
        Assert.Contains(finding, advice.Finding, StringComparison.Ordinal);
        Assert.NotEqual("", advice.Remedy);
    }

    [Fact]
    public void Advice_ForSeveralFaults_BeginsWithTheErrors()
    {
        var advice = ProductionAdvice.For(With("embedded") with { AdminKeyFile = true, Metrics = false });

        Assert.Equal([AdviceSeverity.Error, AdviceSeverity.Warning, AdviceSeverity.Warning], advice.Select(entry => entry.Severity));
    }

    private static Setup With(string fault) => fault switch
    {
        "embedded" => Good with { Storage = "embedded" },
        "plain" => Good with { Tls = false },
        "plain-loopback" => Good with { Tls = false, GrpcAddress = IPAddress.IPv6Loopback },
        "insecure-silo" => Good with { InsecureSilo = true },
        "two-silos" => Good with { Silos = Good.Silos[..2] },
        "versions" => Good with { Silos = [("a", "2.0", []), ("b", "1.0", []), ("c", "", [])] },
        "draining" => Good with { Silos = [("a", "1.0", []), ("b", "1.0", ["draining"]), ("c", "1.0", [])] },
        "admin-key" => Good with { AdminKeyFile = true },
        "open-data" => Good with { DataOpenToOthers = true },
        "root" => Good with { Privileged = true },
        "diagnostics" => Good with { Diagnostics = true },
        "audit-unavailable" => Good with { AuditTrouble = ("the disk is full", null) },
        "sink-gone" => Good with { AuditTrouble = (null, "no route") },
        "frontdoor-files" => Good with { AuditSink = AuditSinkKind.Files, IsFrontDoor = true },
        "audit-files" => Good with { AuditSink = AuditSinkKind.Files },
        "unsigned" => Good with { AuditSigned = false },
        "no-audit" => Good with { Audit = AuditLevel.Off },
        "buffered" => Good with { Audit = AuditLevel.Buffered },
        "unknown-agents" => Good with { UnknownAgentsAllowed = true },
        "no-metrics" => Good with { Metrics = false },
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
