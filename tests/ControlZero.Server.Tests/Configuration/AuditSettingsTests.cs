using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Server.Audit;

namespace ControlZero.Server.Tests.Configuration;

public sealed class AuditSettingsTests : IDisposable
{
    private readonly Settings _settings = new();

    [Theory]
    [InlineData("""{ "Audit": { "Sink": "azure", "Azure": { "Connection": "x" } } }""")]
    [InlineData("""{ "Audit": { "Sink": "azure", "Azure": { "BlobEndpoint": "https://a.blob.core.windows.net", "Container": "eu-log" } } }""")]
    [InlineData("""{ "Audit": { "Sink": "azure", "SinkPatience": "0s", "Retention": { "Age": "90d", "Megabytes": 100000 } }, "Azure": { "Connection": "x" } }""")]
    public void Audit_WithAllItNeeds_IsTaken(string json) => Assert.Empty(_settings.Read(json).Faults);

    [Theory]
    [InlineData("""{ "Audit": { "Sink": "s3" } }""", "Audit:Sink `s3` (")]
    [InlineData("""{ "Audit": { "Sink": "azure" } }""", "Audit:Sink `azure` needs a storage account; give Audit:Azure:Connection")]
    [InlineData("""{ "Audit": { "Azure": { "Connection": "x" } } }""", "Audit:Azure is set, but Audit:Sink `files` does not use it; ")]
    [InlineData("""{ "Audit": { "SinkPatience": "1s" } }""", "Audit:SinkPatience is set, but Audit:Sink `files` does not use it; ")]
    [InlineData("""{ "Audit": { "Sink": "azure", "SinkPatience": "11s", "Azure": { "Connection": "x" } } }""", "Audit:SinkPatience `11s` (")]
    [InlineData("""{ "Audit": { "Sink": "azure", "Azure": { "Connection": "x", "SealAfter": "10ms" } } }""", "Audit:Azure:SealAfter `10ms` (")]
    [InlineData("""{ "Audit": { "Sink": "azure", "Azure": { "Connection": "x", "Container": "A_b" } } }""", "Audit:Azure:Container `A_b` is no name of a container; ")]
    [InlineData(
        """{ "Audit": { "Sink": "azure", "Azure": { "Connection": "x", "BlobEndpoint": "https://a.example" } } }""",
        "Audit:Azure:Connection and Audit:Azure:BlobEndpoint say the same thing twice; ")]
    [InlineData(
        """{ "Audit": { "Sink": "azure", "Azure": { "Connection": "x" } }, "Azure": { "Connection": "y" } }""",
        "Azure:Connection, Azure:TableEndpoint or Azure:BlobEndpoint is set, but Cluster:Setup `embedded` ")]
    [InlineData("""{ "Audit": { "Signing": { "KeyFile": "/none.pem" } } }""", "Audit:Signing:KeyFile `/none.pem` cannot be read; ")]
    [InlineData("""{ "Audit": { "Signing": { "TrustedKeyFiles": ["/a.pem"] } } }""", "Audit:Signing:TrustedKeyFiles is set, but nothing is signed; ")]
    [InlineData("""{ "Audit": { "Retention": { "Age": "soon" } } }""", "Audit:Retention:Age `soon` (")]
    public void Audit_LackingOrUnused_IsRefused(string json, string fault) =>
        Assert.StartsWith(fault, Assert.Single(_settings.Read(json).Faults), StringComparison.Ordinal);

    [Fact]
    public void SigningKey_ThatIsNone_IsRefusedWithTheCommandThatMakesOne()
    {
        var file = _settings.Write("key.pem", LedgerKey.Generate().Public.ToPem());
        _settings.Options["Audit:Signing:KeyFile"] = file;

        var fault = Assert.Single(_settings.Read().Faults);

        Assert.StartsWith($"Audit:Signing:KeyFile `{file}`: ", fault, StringComparison.Ordinal);
        Assert.Contains("openssl genpkey -algorithm ed25519", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("files", "durable", "500ms", AuditMode.Durable)]
    [InlineData("azure", "durable", "500ms", AuditMode.DurableInSink)]
    [InlineData("azure", "durable", "0s", AuditMode.Durable)]
    [InlineData("azure", "buffered", "500ms", AuditMode.Buffered)]
    public void Mode_BySinkAndPatience_IsTheLogs(string sink, string mode, string patience, AuditMode expected)
    {
        _settings.Options["Audit:Mode"] = mode;
        _settings.Options["Audit:Sink"] = sink;
        _settings.Options["Audit:SinkPatience"] = patience;

        var log = _settings.Read().Options.Audit.ToLog("s1", "/data");

        Assert.Equal(expected, log.Mode);
        Assert.Empty(log.Faults());
    }

    [Fact]
    public void Connection_OfTheLog_IsNeverShown()
    {
        var read = _settings.Read("""{ "Audit": { "Sink": "azure", "Azure": { "Connection": "hunter2" } } }""");

        Assert.Equal(AuditSinkKind.Azure, read.Options.Audit.Sink);
        Assert.All(
            [.. read.Faults, .. read.Effective.Select(setting => setting.ToString()), read.Options.ToString()],
            text => Assert.DoesNotContain("hunter", text, StringComparison.Ordinal));
    }

    public void Dispose() => _settings.Dispose();
}
