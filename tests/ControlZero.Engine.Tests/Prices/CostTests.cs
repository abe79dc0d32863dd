using System.Numerics;
using ControlZero.Engine.Prices;
using ControlZero.Engine.Quotas;
using CsCheck;

namespace ControlZero.Engine.Tests.Prices;

public sealed class CostTests
{
    [Fact]
    public void Cost_OfAnyUsage_IsNeverAboveWhatWasHeldForItAndNeverMadeCheaper()
    {
        var figure = Gen.Long[0, 10_000_000_000];
        var tokens = Gen.Long[0, 1_000_000];
        Gen.Select(figure.Array[5], tokens.Array[5]).Sample(
            (prices, used) =>
            {
                var price = new ModelPrice(prices[0], prices[1]) { CachedInput = prices[2], CacheWrite = prices[3], Reasoning = prices[4] };
                var cached = Math.Min(used[2], used[0]);
                var written = Math.Min(used[3], used[0] - cached);
                var reasoning = Math.Min(used[4], used[1]);
                var usage = new TokenCounts(used[0], used[1], used[2], used[3], used[4]);
                var exact = ((BigInteger)(used[0] - cached - written) * prices[0]) + ((BigInteger)(used[1] - reasoning) * prices[1])
                    + ((BigInteger)cached * prices[2]) + ((BigInteger)written * prices[3]) + ((BigInteger)reasoning * prices[4]);
                var rounded = BigInteger.Min((exact + 999) / 1000, Limits.MoneyLimitMax + 1);

                return price.Cost(in usage) == rounded && price.Cost(in usage) <= price.Ceiling(used[0], used[1]);
            },
            seed: "0000000000001", iter: 20_000);
    }

    [Fact]
    public void Scale_AnyDecimal_IsExactOrRoundedAwayFromZero() =>
        Gen.Select(Gen.Int[-9_999_999, 9_999_999], Gen.Int[0, 6], Gen.Int[-8, 8], Gen.Int[0, 9]).Sample(
            (digits, decimals, exponent, power) =>
            {
                var sign = digits < 0 ? "-" : "";
                var padded = Math.Abs((long)digits).ToString("D8", null);
                var text = $"{sign}{padded[..^decimals]}{(decimals > 0 ? "." + padded[^decimals..] : "")}e{exponent}";
                var scaled = digits * BigInteger.Pow(10, power + exponent - decimals + 20);
                var (whole, rest) = (scaled / BigInteger.Pow(10, 20), scaled % BigInteger.Pow(10, 20));
                var expected = whole + (rest.IsZero ? 0 : rest.Sign);

                return ExactDecimal.TryScale(text, power, out var result)
                    ? result.Value == expected && result.IsExact == rest.IsZero
                    : BigInteger.Abs(expected) >= BigInteger.Pow(10, 17);
            },
            seed: "0000000000001", iter: 50_000);
}
