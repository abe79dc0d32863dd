using System.Runtime.CompilerServices;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Prices;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>
/// Reads the figures of a limit. Money is written in dollars and counted in nano-dollars, prices are written in dollars per million tokens
/// and kept in micro-dollars: both exactly, or the document is refused.
/// </summary>
internal sealed class LimitFigureReader(FindingList findings) : IFindings
{
    /// <summary>A dollar in nano-dollars, as a power of ten.</summary>
    public const int NanoPower = 9;

    /// <summary>A dollar in micro-dollars, as a power of ten.</summary>
    public const int MicroPower = 6;

    private readonly FieldReader _fields = new(findings);

    /// <inheritdoc/>
    public bool HasRoom => findings.HasRoom;

    /// <summary>The limit in units of its metric, or null: noted.</summary>
    public long? Limit(DocumentNode node, QuotaMetric metric)
    {
        if (node.Find("limit") is not { } field)
        {
            findings.Error(node, node.PathOf("limit"), DiagnosticCodes.FieldRequired, "a limit has no `limit`",
                metric == QuotaMetric.CostUsd ? "say how many dollars, for example `limit: 5.00`" : "say how many, for example `limit: 60`");
            return null;
        }

        return Units(field, "`limit`", metric, least: 0, "0, which allows nothing, or more");
    }

    /// <summary>What a call without an estimate is charged, or null: it says nothing, or it is noted.</summary>
    public long? DefaultEstimate(DocumentNode node, QuotaMetric metric, long? limit)
    {
        if (node.Find("default_estimate") is not { } field)
        {
            return null;
        }

        if (metric is QuotaMetric.Requests or QuotaMetric.InFlight)
        {
            findings.Error(field, DiagnosticCodes.LimitShape, $"`default_estimate` does not apply to `{metric.ToWord()}`: a call counts as one",
                "remove it");
            return null;
        }

        var estimate = Units(field, "`default_estimate`", metric, least: 1, "at least one: a call that costs nothing needs no limit");
        if (estimate > limit && limit > 0)
        {
            findings.Error(field, DiagnosticCodes.NumberRange,
                $"`default_estimate` {Quoted.Text(field.Text)} is more than the limit itself, so that no call without an estimate could be allowed",
                "lower it, or leave it out: calls without an estimate are then denied with ESTIMATE_REQUIRED");
        }

        return estimate;
    }

    /// <summary>The price of models that have none, or null: it says nothing, or it is noted.</summary>
    public ModelPrice? FallbackPrice(DocumentNode node, QuotaMetric metric)
    {
        if (node.Find("fallback_price") is not { } field)
        {
            return null;
        }

        if (metric is not (QuotaMetric.CostUsd or QuotaMetric.Unspecified))
        {
            findings.Error(field, DiagnosticCodes.LimitShape, $"`fallback_price` does not apply to `{metric.ToWord()}`",
                "remove it; only `cost_usd` has prices");
            return null;
        }

        if (!_fields.CheckObject(field, "`fallback_price`", PolicySchema.PriceKeys))
        {
            return null;
        }

        if (Price(field, "input") is not { } input || Price(field, "output") is not { } output)
        {
            return null;
        }

        if (input + output == 0)
        {
            findings.Error(field, DiagnosticCodes.NumberRange, "`fallback_price` is nothing: every model without a price would be free",
                "write what the dearest model you would use costs");
        }

        return new ModelPrice(input, output);
    }

    private long? Price(DocumentNode price, string name)
    {
        const string remedy = "write dollars per million tokens, for example `fallback_price: {input: 5, output: 25}`";
        if (price.Find(name) is not { } node)
        {
            findings.Error(price, price.PathOf(name), DiagnosticCodes.FieldRequired, $"`fallback_price` has no `{name}`", remedy);
            return null;
        }

        if (node.Kind != NodeKind.Number)
        {
            _fields.WrongType(node, $"`{name}` must be a number", remedy);
            return null;
        }

        if (!ExactDecimal.TryScale(node.Text, MicroPower, out var micros) || micros.Value > Limits.UnitsMax || micros.Value < 0)
        {
            return Refuse(node, $"the price {Quoted.Text(node.Text)} is outside 0 to 1000000 dollars per million tokens", remedy);
        }

        return micros.IsExact ? micros.Value : Refuse(node, $"the price {Quoted.Text(node.Text)} is finer than a micro-dollar",
            "write at most 6 decimals");
    }

    private long? Units(DocumentNode node, string what, QuotaMetric metric, long least, string remedy)
    {
        var isMoney = metric == QuotaMetric.CostUsd;
        if (node.Kind != NodeKind.Number)
        {
            _fields.WrongType(node, $"{what} must be a number", isMoney ? "write dollars, for example `5.00`" : "write a whole number, for example `60`");
            return null;
        }

        if (!ExactDecimal.TryScale(node.Text, isMoney ? NanoPower : 0, out var units) || units.Value > metric.MaxLimit())
        {
            return isMoney
                ? Refuse(node, $"{what} is {Quoted.Text(node.Text)} dollars, more than {Limits.MoneyLimitMax / 1_000_000_000}", "lower it, or split it over agents or shorter windows")
                : Refuse(node, $"{what} is {Quoted.Text(node.Text)}, more than {Limits.UnitsMax}", "use a smaller number");
        }

        if (units.Value < least)
        {
            return Refuse(node, $"{what} is {Quoted.Text(node.Text)}; it must be {(least == 0 ? "0 or more" : "more than 0")}", $"write {remedy}");
        }

        if (units.IsExact)
        {
            return units.Value;
        }

        return isMoney
            ? Refuse(node, $"{what} {Quoted.Text(node.Text)} is finer than a nano-dollar", "write at most 9 decimals")
            : Refuse(node, $"{what} {Quoted.Text(node.Text)} is no whole number", "write one");
    }

    private long? Refuse(
        DocumentNode node,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        findings.Error(node, DiagnosticCodes.NumberRange, message, remedy);
        return null;
    }
}
