using ControlZero.Server.Cluster.Setups;

namespace ControlZero.Server.Tests.Configuration;

public sealed class SetupSettingsTests : IDisposable
{
    private readonly Settings _settings = new();

    [Theory]
    [InlineData("""{ "Cluster": { "Setup": "postgres" }, "Postgres": { "Connection": "Host=db" } }""")]
    [InlineData("""{ "Cluster": { "Setup": "azure" }, "Azure": { "Connection": "x" }, "Redis": { "Connection": "r:6379" } }""")]
    [InlineData("""{ "Cluster": { "Setup": "azure" }, "Azure": { "Connection": "x" }, "Postgres": { "Connection": "Host=db" } }""")]
    [InlineData("""
        { "Cluster": { "Setup": "azure", "Id": "eu-1", "Name": "silo.1", "Silo": "10.0.0.7:11111", "AllowInsecure": true, "GatewayPort": 30000, "FrontDoor": "silo-1.example.com:5050", "MaxProbe": "2s" },
          "Azure": { "TableEndpoint": "https://a.table.core.windows.net", "BlobEndpoint": "https://a.blob.core.windows.net" },
          "Redis": { "Connection": "r:6379" } }
        """)]
    public void Setup_WithAllItNeeds_IsTaken(string json) => Assert.Empty(_settings.Read(json).Faults);

    [Theory]
    [InlineData("""{ "Cluster": { "Setup": "postgres" } }""", "Cluster:Setup `postgres` needs a database; give Postgres:Connection")]
    [InlineData("""{ "Cluster": { "Setup": "azure" }, "Redis": { "Connection": "r" } }""", "Cluster:Setup `azure` needs a storage account; ")]
    [InlineData("""{ "Cluster": { "Setup": "azure" }, "Azure": { "Connection": "x" } }""", "Cluster:Setup `azure` needs a place for its membership; ")]
    [InlineData(
        """{ "Cluster": { "Setup": "azure" }, "Azure": { "Connection": "x" }, "Redis": { "Connection": "r" }, "Postgres": { "Connection": "Host=db" } }""",
        "Redis:Connection and Postgres:Connection are both set, ")]
    [InlineData(
        """{ "Cluster": { "Setup": "azure" }, "Azure": { "Connection": "x", "BlobEndpoint": "https://a.example" }, "Redis": { "Connection": "r" } }""",
        "Azure:Connection and Azure:TableEndpoint or Azure:BlobEndpoint say the same thing twice; ")]
    [InlineData(
        """{ "Cluster": { "Setup": "azure" }, "Azure": { "BlobEndpoint": "https://a.example" }, "Redis": { "Connection": "r" } }""",
        "Cluster:Setup `azure` needs a storage account; ")]
    [InlineData("""{ "Postgres": { "Connection": "Host=db" } }""", "Postgres:Connection is set, but Cluster:Setup `embedded` does not use it; ")]
    [InlineData("""{ "Redis": { "Connection": "r" } }""", "Redis:Connection is set, but Cluster:Setup `embedded` does not use it; ")]
    [InlineData("""{ "Azure": { "Connection": "x" } }""", "Azure:Connection, Azure:TableEndpoint or Azure:BlobEndpoint is set, but Cluster:Setup `embedded` ")]
    [InlineData("""{ "Cluster": { "Silo": "127.0.0.1:0" } }""", "Cluster:Silo is set, but an embedded server has no cluster; ")]
    [InlineData("""{ "Cluster": { "Role": "frontdoor" } }""", "Cluster:Role is set, but an embedded server has no cluster; ")]
    [InlineData("""{ "Cluster": { "Role": "gateway" } }""", "Cluster:Role `gateway` (")]
    public void Setup_LackingOrUnused_IsRefused(string json, string fault) =>
        Assert.StartsWith(fault, Assert.Single(_settings.Read(json).Faults), StringComparison.Ordinal);

    [Theory]
    [InlineData("Id", "Upper", "Cluster:Id `Upper` is no name of a cluster; ")]
    [InlineData("Id", "a--b", "Cluster:Id `a--b` is no name of a cluster; ")]
    [InlineData("Id", "ab", "Cluster:Id `ab` is no name of a cluster; ")]
    [InlineData("Name", "a_b", "Cluster:Name `a_b` is no name of a silo; ")]
    [InlineData("Silo", "0.0.0.0:11111", "Cluster:Silo `0.0.0.0:11111` is no address that other servers could call; ")]
    [InlineData("GatewayPort", "11111", "Cluster:GatewayPort `11111` is the port of Cluster:Silo; ")]
    [InlineData("FrontDoor", "http://a:1", "Cluster:FrontDoor `http://a:1` is no host:port; ")]
    [InlineData("FrontDoor", "a:1/x", "Cluster:FrontDoor `a:1/x` is no host:port; ")]
    [InlineData("Kubernetes", "true", "Cluster:Kubernetes is set, but this process is in no pod that says who it is: ")]
    [InlineData("MaxProbe", "10ms", "Cluster:MaxProbe `10ms` (--option) is no length of time from 1s to 1m; ")]
    public void Cluster_WithAValueThatCannotBe_IsRefused(string key, string value, string fault)
    {
        _settings.Options["Cluster:Setup"] = "postgres";
        _settings.Options["Postgres:Connection"] = "Host=db";
        _settings.Options[$"Cluster:{key}"] = value;

        Assert.StartsWith(fault, Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name", "a")]
    [InlineData("Silo", "127.0.0.1:0")]
    [InlineData("GatewayPort", "30000")]
    [InlineData("FrontDoor", "door:5050")]
    [InlineData("MaxProbe", "5s")]
    public void FrontDoor_WithWhatOnlyASiloHas_IsRefused(string key, string value)
    {
        _settings.Options["Cluster:Setup"] = "postgres";
        _settings.Options["Cluster:Role"] = "frontdoor";
        _settings.Options["Postgres:Connection"] = "Host=db";
        Assert.Empty(_settings.Read().Faults);

        _settings.Options[$"Cluster:{key}"] = value;

        Assert.StartsWith($"Cluster:{key} is set, but a front door has no silo; ", Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Connections_Written_AreNeverShown()
    {
        var read = _settings.Read("""
            { "Cluster": { "Setup": "azure" }, "Azure": { "Connection": "hunter2" }, "Redis": { "Connection": "hunter3" }, "Postgres": { "Connection": "hunter4" } }
            """);

        Assert.Equal(SetupKind.Azure, read.Options.Cluster.Setup);
        Assert.All(
            [.. read.Faults, .. read.Effective.Select(setting => setting.ToString()), read.Options.ToString()],
            text => Assert.DoesNotContain("hunter", text, StringComparison.Ordinal));
    }

    public void Dispose() => _settings.Dispose();
}
