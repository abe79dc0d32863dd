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
