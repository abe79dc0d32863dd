using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Tests.Configuration;

public sealed class SettingSectionTests
{
    [Theory]
    [InlineData("127.0.0.1:0", true)]
    [InlineData("[::1]:65535", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.0.0.1:", false)]
    [InlineData("127.0.0.1:65536", false)]
    [InlineData("::1:5050", false)]
    [InlineData("[::1]", false)]
    [InlineData("5050", false)]
    [InlineData("localhost:5050", false)]
    [InlineData("", false)]
    public void Address_Text_IsAnIpAddressAndAPort(string text, bool read)
    {
        var (reader, section) = Written(text);

        var address = section.Address("Key", new(System.Net.IPAddress.Loopback, 1));

        Assert.Equal((read ? 0 : 1, read ? text : "127.0.0.1:1"), (reader.Faults.Count, address.ToString()));
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("10", true)]
    [InlineData("0", false)]
    [InlineData("11", false)]
    [InlineData("-1", false)]
    [InlineData("1.5", false)]
    [InlineData("", false)]
    public void Number_Text_IsWithinItsBounds(string text, bool read)
    {
        var (reader, section) = Written(text);

        var number = section.Number("Key", 5, 1, 10);

        Assert.Equal((read ? 0 : 1, read ? text : "5"), (reader.Faults.Count, $"{number}"));
        Assert.All(reader.Faults, fault => Assert.Equal($"Section:Key `{text}` (--key) is no whole number from 1 to 10; write one, for example `5`", fault));
    }

    [Theory]
    [InlineData("100ms", 100)]
    [InlineData("2s", 2000)]
    [InlineData("1m", 60_000)]
    [InlineData("99ms", null)]
    [InlineData("61s", null)]
    [InlineData("2", null)]
    [InlineData("00:00:02", null)]
    [InlineData("99999999999999999999s", null)]
    public void Duration_Text_IsANumberAndAUnitWithinItsBounds(string text, int? milliseconds)
    {
        var (reader, section) = Written(text);

        var time = section.Duration("Key", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));

        Assert.Equal((milliseconds is null ? 1 : 0, milliseconds ?? 10_000), (reader.Faults.Count, time.TotalMilliseconds));
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1500, "1500ms")]
    [InlineData(120_000, "2m")]
    [InlineData(86_400_000, "1d")]
    public void Duration_Shown_ReadsBack(int milliseconds, string text)
    {
        Assert.Equal(text, DurationSyntax.Format(TimeSpan.FromMilliseconds(milliseconds)));
        Assert.True(DurationSyntax.TryParse(text, out var time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Fact]
    public void TextAndFile_Empty_AreRefusedAndTheDefaultStays()
    {
        var (reader, section) = Written("");

        Assert.Equal(("standard", "standard"), (section.Text("Key", "standard"), section.File("Key", "standard")));
        Assert.Equal(2, reader.Faults.Count);
    }

    [Fact]
    public void Sections_AllRead_LeaveNothingUnknown()
    {
        var (reader, section) = Written("x");

        section.Text("Key", "");
        reader.RefuseUnknown();

        Assert.Empty(reader.Faults);
        Assert.Equal([new EffectiveSetting("Section:Key", "x", "--key")], reader.Effective);
    }

    private static (SettingReader Reader, SettingSection Section) Written(string text)
    {
        var reader = new SettingReader(SettingLayers.Of(new WrittenSetting("Section:Key", text, "--key")));
        return (reader, reader.Section("Section"));
    }
}
