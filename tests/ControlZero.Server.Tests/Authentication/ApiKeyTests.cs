using ControlZero.Server.Authentication;

namespace ControlZero.Server.Tests.Authentication;

public sealed class ApiKeyTests
{
    [Theory]
    [InlineData(false, "cz_live_")]
    [InlineData(true, "cz_test_")]
    public void Generate_AKey_ReadsBack(bool test, string prefix)
    {
        var key = ApiKey.Generate(test);

        Assert.StartsWith(prefix, key.Text, StringComparison.Ordinal);
        Assert.True(ApiKey.TryParse(key.Text, out var read));
        Assert.Equal(key.Id, read.Id);
        Assert.True(read.HasHash(key.Hash));
    }

    [Fact]
    public void TryParse_AnySingleCharacterChanged_Refuses()
    {
        var text = ApiKey.Generate(test: false).Text;

        var accepted = Enumerable.Range(0, text.Length)
            .Select(at => text[..at] + (text[at] == 'a' ? 'b' : 'a') + text[(at + 1)..])
            .Where(changed => ApiKey.TryParse(changed, out _));

        Assert.Empty(accepted);
    }

    [Fact]
    public void HasHash_OfAnotherKeyWithTheSameId_IsFalse() =>
        Assert.False(ApiKey.Generate(test: false).HasHash(ApiKey.Generate(test: false).Hash));

    [Fact]
    public void ToString_OfAKey_ShowsTheIdAlone()
    {
        var key = ApiKey.Generate(test: false);

        Assert.Equal(key.Id.Value, key.ToString());
    }
}
