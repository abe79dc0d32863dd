using ControlZero.Abstractions.Tenants;
using ControlZero.Server.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace ControlZero.Server.Tests.Configuration;

public sealed class ServerSettingsTests : IDisposable
{
    private readonly Settings _settings = new();

    [Fact]
    public void Settings_NothingWritten_AreTheDefaults()
    {
        var read = _settings.Read();

        Assert.Empty(read.Faults);
        Assert.All(read.Effective, setting => Assert.Equal("default", setting.Origin));
        Assert.Equal(("data", "127.0.0.1:5050", "127.0.0.1:5051"), (read.Options.Data.Directory, $"{read.Options.Listen.Grpc}", $"{read.Options.Listen.Http}"));
        Assert.Equal((false, false), (read.Options.Listen.AllowInsecure, read.Options.Tls.IsOn));
        Assert.Equal((LogFormat.Text, LogLevel.Warning), (read.Options.Logging.Format, read.Options.Logging.Level));
        Assert.Equal(UnknownAgents.Deny, read.Options.DefaultTenant.UnknownAgents);
    }

    [Fact]
    public void Settings_WrittenInSeveralPlaces_CommandLineWinsOverEnvironmentOverFile()
    {
        _settings.Environment["CONTROLZERO__LISTEN__HTTP"] = "127.0.0.1:2";
        _settings.Environment["CONTROLZERO__LISTEN__GRPC"] = "127.0.0.1:2";
        _settings.Options["Listen:Grpc"] = "127.0.0.1:3";

        var read = _settings.Read("""{ "Listen": { "Grpc": "127.0.0.1:1", "Http": "127.0.0.1:1" }, "Logging": { "Level": "error" } }""");

        Assert.Empty(read.Faults);
        Assert.Equal(("127.0.0.1:3", "127.0.0.1:2", LogLevel.Error), ($"{read.Options.Listen.Grpc}", $"{read.Options.Listen.Http}", read.Options.Logging.Level));
        var origins = read.Effective.ToDictionary(setting => setting.Path, setting => setting.Origin);
        Assert.Equal(
            ("--option", "CONTROLZERO__LISTEN__HTTP", $"`{_settings.At("settings.json")}`", "default"),
            (origins["Listen:Grpc"], origins["Listen:Http"], origins["Logging:Level"], origins["Logging:Format"]));
    }

    [Fact]
    public void Settings_EverythingWrong_NamesEachFaultWithItsPlaceAndRemedy()
    {
        _settings.Environment["CONTROLZERO__LOGGING__FORMAT"] = "xml";
        _settings.Options["DefaultTenant:UnknownAgents"] = "maybe";

        var faults = _settings.Read("""
            { "Listen": { "Grpc": "5050", "AllowInsecure": "perhaps" }, "Tls": { "ReloadInterval": "1 week" }, "Azur": { "AccountName": "a" } }
            """).Faults;

        var file = $"`{_settings.At("settings.json")}`";
        Assert.Equal(
            [
                $"Listen:Grpc `5050` ({file}) is no ADDRESS:PORT; write an IP address and a port, for example `127.0.0.1:5050`; port 0 takes a free one",
                $"Listen:AllowInsecure `perhaps` ({file}) is neither true nor false; write `true` or `false`",
                $"Tls:ReloadInterval `1 week` ({file}) is no length of time from 100ms to 1d; "
                    + "write a whole number and `ms`, `s`, `m`, `h` or `d`, for example `10s`",
                "Logging:Format `xml` (CONTROLZERO__LOGGING__FORMAT) is not known; use one of `text`, `json`",
                "DefaultTenant:UnknownAgents `maybe` (--option) is not known; use one of `deny`, `allow`",
                $"`Azur:AccountName` ({file}) is of no section of this build; did you mean `Azure`?",
            ],
            faults);
    }

    [Theory]
    [InlineData("""{ "Listen": { "Grcp": "127.0.0.1:1" } }""", "`Listen:Grcp` ", "is no setting of this build; did you mean `Listen:Grpc`?")]
    [InlineData("""{ "listen": { "ReloadInterval": "1s" } }""", "`listen:ReloadInterval` ", "did you mean `Tls:ReloadInterval`?")]
    [InlineData("""{ "Lsten": { "Grpc": "127.0.0.1:1" } }""", "`Lsten:Grpc` ", "is of no section of this build; did you mean `Listen`?")]
    [InlineData("""{ "Quotas": {} }""", "`Quotas` ", "is of no section of this build; use one of `Data`, `Listen`, `Cluster`, `Azure`, `Postgres`, `Redis`, `Tls`, `Logging`, `Freshness`, `Tenants`, `Audit`, `Prices`, `Telemetry`, `Shutdown`, `DefaultTenant`")]
    [InlineData("""{ "Listen": { "Grpc": { "Port": 1 } } }""", "`Listen:Grpc:Port` ", "use one of `Listen:Grpc`, `Listen:Http`, ")]
    [InlineData("""{ "Data": "elsewhere" }""", "`Data` ", "is a section, not a setting; use one of `Data:Directory`")]
    [InlineData("""{ "Quota": null }""", "`Quota` ", "is of no section of this build")]
    public void Setting_ThatNothingReads_IsRefusedWithTheNearestOne(string json, string setting, string words)
    {
        var fault = Assert.Single(_settings.Read(json).Faults);

        Assert.StartsWith(setting, fault, StringComparison.Ordinal);
        Assert.Contains(words, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Variable_ThatNothingReads_IsRefusedEvenWithoutAValue()
    {
        _settings.Environment["CONTROLZERO__LOGING__LEVEL"] = "";

        var fault = Assert.Single(_settings.Read().Faults);

        Assert.Equal("`LOGING:LEVEL` (CONTROLZERO__LOGING__LEVEL) is of no section of this build; did you mean `Logging`?", fault);
    }

    [Fact]
    public void Variable_OfAClientOrOfSomethingElse_IsNoneOfTheServers()
    {
        _settings.Environment["CONTROLZERO_URL"] = "http://elsewhere:1";
        _settings.Environment["ASPNETCORE_URLS"] = "http://0.0.0.0:80";

        Assert.Empty(_settings.Read().Faults);
    }

    [Fact]
    public void Variable_WithoutAValue_SetsNothing()
    {
        _settings.Environment["CONTROLZERO__LISTEN__GRPC"] = " ";

        var read = _settings.Read("""{ "Listen": { "Grpc": "127.0.0.1:7" } }""");

        Assert.Equal((0, "127.0.0.1:7"), (read.Faults.Count, $"{read.Options.Listen.Grpc}"));
    }

    [Fact]
    public void Variable_SpelledTwiceInDifferentLetterCase_IsRefused()
    {
        _settings.Environment["CONTROLZERO__LISTEN__GRPC"] = "127.0.0.1:1";
        _settings.Environment["ControlZero__Listen__Grpc"] = "127.0.0.1:2";

        Assert.Contains("says the same thing twice", Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"Listen\": ", "is no JSON at line 1, byte ")]
    [InlineData("[]", "is no JSON object ")]
    [InlineData("""{ "Logging": { "Level": "error", "level": "debug" } }""", "say each thing once")]
    public void File_ThatIsNoObjectOfSections_IsRefusedWithAnExample(string json, string words)
    {
        var fault = Assert.Single(_settings.Read(json).Faults);

        Assert.StartsWith($"`{_settings.At("settings.json")}` ", fault, StringComparison.Ordinal);
        Assert.Contains(words, fault, StringComparison.Ordinal);
        Assert.EndsWith("""; write for example { "Listen": { "Grpc": "127.0.0.1:5050" } }""", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatIsNamedAndNotThere_IsRefused()
    {
        var missing = _settings.At("missing.json");

        var fault = Assert.Single(_settings.Read(file: missing).Faults);

        Assert.Equal($"`{missing}` cannot be read; check the path and its permissions, or choose another file with --config", fault);
    }

    [Fact]
    public void File_InTheDataDirectory_IsReadUnnamed()
    {
        _settings.Write("kept/controlzero.json", """{ "Logging": { "Level": "critical" } /* kept */, }""");
        _settings.Environment["CONTROLZERO__DATA__DIRECTORY"] = _settings.At("kept");

        var read = _settings.Read();

        Assert.Equal((0, LogLevel.Critical), (read.Faults.Count, read.Options.Logging.Level));
    }

    [Fact]
    public void File_InTheDataDirectory_CannotNameAnotherDirectory()
    {
        _settings.Write("kept/controlzero.json", """{ "Data": { "Directory": "other" } }""");
        _settings.Options["Data:Directory"] = _settings.At("kept");

        Assert.Contains("was looked for in that very directory", Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Path_InAFile_BeginsBesideIt_AndInAVariableWhereTheServerStarted()
    {
        var fromFile = _settings.Read("""{ "Data": { "Directory": "kept" } }""").Options.Data.Directory;
        _settings.Environment["CONTROLZERO__DATA__DIRECTORY"] = "kept";
        var fromVariable = _settings.Read("""{ "Data": { "Directory": "other" } }""").Options.Data.Directory;

        Assert.Equal((_settings.At("kept"), "kept"), (fromFile, fromVariable));
    }

    [Fact]
    public void Secret_Written_IsNeitherShownNorRepeatedInAFault()
    {
        _settings.Environment["CONTROLZERO__TLS__PFXPASSWORD"] = "hunter2";

        var read = _settings.Read("""{ "Tls": { "PfxPasswrd": "hunter3", "PfxFile": "missing.pfx" } }""");

        Assert.Equal("(set)", read.Effective.Single(setting => setting.Path == "Tls:PfxPassword").Value);
        Assert.Equal(2, read.Faults.Count);
        Assert.All([.. read.Faults, .. read.Effective.Select(setting => setting.ToString())], text => Assert.DoesNotContain("hunter", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Value_WithALineBreak_KeepsItsFaultOnOneLine()
    {
        _settings.Environment["CONTROLZERO__LISTEN__GRPC"] = "127.0.0.1\n:5050";

        Assert.DoesNotContain('\n', Assert.Single(_settings.Read().Faults));
    }

    [Theory]
    [InlineData("""{ "Listen": { "AllowedHosts": ["a.example", "*.b.example", "[::1]"] } }""", null, "a.example|*.b.example|[::1]")]
    [InlineData("""{ "Listen": { "AllowedHosts": ["a.example"] } }""", "b.example, c.example", "b.example|c.example")]
    [InlineData(null, "*", "*")]
    public void List_ItemsInAFileOrCommasInAVariable_IsReadWhole(string? json, string? variable, string expected)
    {
        _settings.Environment["CONTROLZERO__LISTEN__ALLOWEDHOSTS"] = variable;

        var read = _settings.Read(json);

        Assert.Equal((0, expected), (read.Faults.Count, string.Join('|', read.Options.Listen.AllowedHosts)));
    }

    [Theory]
    [InlineData("a.example,", "is an empty item; ")]
    [InlineData("https://a.example", "is no name of a host; ")]
    [InlineData("a.example:5050", "is no name of a host; ")]
    public void AllowedHosts_ThatIsNoHost_IsRefused(string hosts, string words)
    {
        _settings.Environment["CONTROLZERO__LISTEN__ALLOWEDHOSTS"] = hosts;

        Assert.Contains(words, Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:5050", "127.0.0.1:5050")]
    [InlineData("0.0.0.0:7000", "127.0.0.1:7000")]
    [InlineData("127.0.0.1:7000", "[::]:7000")]
    public void Listen_BothOnOnePort_IsRefused(string grpc, string http)
    {
        (_settings.Options["Listen:Grpc"], _settings.Options["Listen:Http"], _settings.Options["Listen:AllowInsecure"]) = (grpc, http, "true");

        Assert.Contains("are the same port; give them different ones (--grpc, --http)", Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Grpc")]
    [InlineData("Http")]
    public void Listen_BeyondLoopbackWithoutTls_IsRefusedUnlessAllowed(string key)
    {
        _settings.Options[$"Listen:{key}"] = "0.0.0.0:7000";
        var refused = _settings.Read().Faults;
        _settings.Options["Listen:AllowInsecure"] = "true";

        Assert.StartsWith($"Listen:{key} `0.0.0.0:7000` is not a loopback address, and there is no TLS; ", Assert.Single(refused), StringComparison.Ordinal);
        Assert.Empty(_settings.Read().Faults);
    }

    public void Dispose() => _settings.Dispose();
}
