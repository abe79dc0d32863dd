using System.Security.Cryptography;
using System.Text;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Tests.Lines;

public sealed class ChainedLineTests
{
    private const string Content = "\"seq\":7,\"kind\":\"event\",\"time\":\"2026-11-27T20:00:00.0000000Z\",\"tenant\":\"acme\",\"event\":{\"agent\":\"a\"}";

    private static readonly byte[] Salt = [.. Enumerable.Range(0, 16).Select(value => (byte)value)];
    private static readonly ChainHash Genesis = ChainHash.Genesis("s1", 1);

    [Fact]
    public void Line_Written_IsTheOneTheReadmeDescribes()
    {
        var genesis = SHA256.HashData("controlzero-audit/1\ns1\n1\n"u8);
        var leaf = SHA256.HashData([.. Salt, .. Encoding.UTF8.GetBytes(Content)]);
        var hash = SHA256.HashData([.. genesis, .. leaf]);

        Assert.Equal(
            $$"""{"hash":"{{Convert.ToHexStringLower(hash)}}","prev":"{{Convert.ToHexStringLower(genesis)}}","salt":"000102030405060708090a0b0c0d0e0f",{{Content}}}""" + "\n",
            Encoding.UTF8.GetString(Written()));
    }

    [Fact]
    public void Line_Read_GivesWhatWasWritten()
    {
        var read = ChainedLine.TryParse(Written().AsSpan(..^1), out var line);

        Assert.True(read && line.IsIntact && !line.IsReduced);
        Assert.Equal(Content, Encoding.UTF8.GetString(line.Content));
        Assert.Equal((7, Genesis), (line.Sequence, line.Previous));
    }

    [Fact]
    public void Line_Reduced_ChainsAsBefore()
    {
        Assert.True(ChainedLine.TryParse(Written().AsSpan(..^1), out var full));
        var to = new byte[256];
        var length = full.WriteReduced(to);

        var read = ChainedLine.TryParse(to.AsSpan(0, length - 1), out var reduced);

        Assert.True(read && reduced.IsIntact && reduced.IsReduced);
        Assert.Equal((full.Hash, full.Previous, 7L), (reduced.Hash, reduced.Previous, reduced.Sequence));
        Assert.DoesNotContain("acme", Encoding.UTF8.GetString(to), StringComparison.Ordinal);
    }

    [Fact]
    public void Line_WithAnyBitChanged_IsNotIntact()
    {
        var line = Written()[..^1];

        for (var bit = 0; bit < line.Length * 8; bit++)
        {
            line[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(ChainedLine.TryParse(line, out var parsed) && parsed.IsIntact, $"bit {bit} changed nothing");
            line[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    private static byte[] Written()
    {
        var content = Encoding.UTF8.GetBytes(Content);
        var line = new byte[ChainedLine.FullLength(content.Length)];
        ChainedLine.Write(Genesis, Salt, content, line);
        return line;
    }
}
