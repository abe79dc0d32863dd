using System.Security.Cryptography;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Tests.Lines;

public sealed class PlainSha256Tests
{
    [Fact]
    public void Hash_OfEveryLengthAroundABlockAndBeyondTheLongest_IsTheSame()
    {
        var random = new Random(1);
        foreach (var length in Enumerable.Range(0, 200).Concat([500, 4095, 4096, 16 * 1024, (16 * 1024) + 1, 600_000]))
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            var hash = new byte[SHA256.HashSizeInBytes];

            PlainSha256.Hash(bytes, hash);

            Assert.Equal(SHA256.HashData(bytes), hash);
        }
    }

    /// <summary>They would go past the provider that somebody must use. The library says so itself, whether or not it has such a provider.</summary>
    [Fact]
    public void PlainFunctions_WhereOpenSslIsToUseFipsProvidersOnly_AreNotTaken()
    {
        const string withoutFips = "openssl_conf = init\n[init]\nalg_section = algorithms\n[algorithms]\n";

        Assert.Equal($"{PlainSha256.IsPlain}", HashProcess.Ask(withoutFips));
        Assert.Equal("False", HashProcess.Ask($"{withoutFips}default_properties = fips=yes\n"));
    }

    [Fact]
    public async Task Hash_OnSeveralThreadsAtOnce_IsTheSame()
    {
        var hashes = await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() => Enumerable.Range(0, 2_000).All(number =>
        {
            var bytes = BitConverter.GetBytes((seed * 10_000) + number);
            var hash = new byte[SHA256.HashSizeInBytes];
            PlainSha256.Hash(bytes, hash);
            return hash.SequenceEqual(SHA256.HashData(bytes));
        }))));

        Assert.All(hashes, Assert.True);
    }
}
