using System.Globalization;
using ControlZero.Abstractions.Tenants;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;

namespace ControlZero.Server.Policies;

/// <summary>One page of a tenant's policies in evaluation order. The place of an entry is its priority and when it was first published.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="NextToken">Where the next page begins. Empty: this was the last one.</param>
internal sealed record PolicyPage(IReadOnlyList<PolicyEntry> Entries, string NextToken)
{
    public static PolicyPage Read(ListPoliciesRequest request, TenantManifest manifest)
    {
        var page = PageRequest.Read(request.PageSize, request.PageToken, $"policies\n{manifest.Tenant}");
        var after = page.After is null ? ((int, int)?)null : ReadPlace(page.After);
        var (shown, next) = page.Cut(
            manifest.Policies
                .Select((entry, place) => (Entry: entry, At: (entry.Priority, Place: place)))
                .OrderBy(item => item.At)
                .SkipWhile(item => after is { } last && item.At.CompareTo(last) <= 0),
            item => string.Create(CultureInfo.InvariantCulture, $"{item.At.Priority},{item.At.Place}"));
        return new PolicyPage([.. shown.Select(item => item.Entry)], next);
    }

    private static (int Priority, int Place) ReadPlace(string text) =>
        text.Split(',') is [var priority, var place]
        && int.TryParse(priority, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(place, CultureInfo.InvariantCulture, out var second)
            ? (first, second)
            : throw PageRequest.BadToken();
}
