using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>
/// Prices by model, one version of them. Names are found whatever the case of their ASCII letters, as limits count them. Immutable.
/// </summary>
/// <remarks>
/// A resource <c>model/NAME</c> has the price of NAME. Has it none, then <c>:free :nitro :floor :online :exacto :extended :thinking :beta</c>
/// at its end, which OpenRouter takes for a route and not for another model, are left away: <c>x:nitro</c> costs what <c>x</c> costs, and
/// <c>x:free</c> too unless the table says that it is free. A fine-tuned <c>ft:BASE:…</c> has the price of <c>ft:BASE</c>. What else is not
/// in the table has no price: nobody guesses.
/// </remarks>
public sealed class PriceTable : IModelPrices
{
    private const string ModelPrefix = "model/";
    private const string FineTuned = "ft:";

    private static readonly string[] Routes = [":free", ":nitro", ":floor", ":online", ":exacto", ":extended", ":thinking", ":beta"];

    private readonly FrozenDictionary<string, PricedModel> _byName;

    internal PriceTable(string? version, IEnumerable<PricedModel> models)
    {
        Models = [.. models.OrderBy(model => model.Name, StringComparer.Ordinal)];
        _byName = Models.ToFrozenDictionary(model => model.Name, StringComparer.OrdinalIgnoreCase);
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(PriceFile.WriteModels(Models))))[..16];
        Version = string.IsNullOrEmpty(version) ? Digest : version;
    }

    /// <summary>A table without a price.</summary>
    public static PriceTable Empty { get; } = new("", []);

    /// <summary>What its author calls this version; its digest where nobody said.</summary>
    public string Version { get; }

    /// <summary>Beginning of the SHA-256 of all its prices: two tables that have the same prices have the same.</summary>
    public string Digest { get; }

    /// <summary>The models, by name.</summary>
    public ImmutableArray<PricedModel> Models { get; }

    /// <inheritdoc/>
    public PricedModel? Find(string resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return resource.StartsWith(ModelPrefix, StringComparison.OrdinalIgnoreCase) ? FindModel(resource.AsSpan(ModelPrefix.Length)) : null;
    }

    private PricedModel? FindModel(ReadOnlySpan<char> name)
    {
        var lookup = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(name, out var model))
        {
            return model;
        }

        foreach (var route in Routes)
        {
            if (name.EndsWith(route, StringComparison.OrdinalIgnoreCase))
            {
                return FindModel(name[..^route.Length]);
            }
        }

        var isFineTuned = name.StartsWith(FineTuned, StringComparison.OrdinalIgnoreCase);
        var end = isFineTuned ? name[FineTuned.Length..].IndexOf(':') : -1;
        return end > 0 && lookup.TryGetValue(name[..(FineTuned.Length + end)], out model) ? model : null;
    }
}
