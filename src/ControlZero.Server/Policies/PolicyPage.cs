using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Policies;

/// <summary>
/// One page of a tenant's policies in evaluation order. Its token names the last entry shown by priority and place, so that a publish
/// between two pages neither repeats nor hides another policy.
/// </summary>
/// <param name="Entries">The entries.</param>
/// <param name="NextToken">Where the next page begins. Empty: this was the last one.</param>
internal sealed record PolicyPage(IReadOnlyList<PolicyEntry> Entries, string NextToken)
{
    private const int TagLength = 12;

    public static PolicyPage Read(ListPoliciesRequest request, TenantManifest manifest)
    {
        var size = request.PageSize switch
        {
            < 0 => throw RpcErrors.InvalidFields([new FieldFault(
                "page_size", "PAGE_SIZE_RANGE", "page_size is below 0", $"send 1 to {Limits.PageMaxSize}, or 0 for {Limits.PageDefaultSize}", Limits.PageMaxSize)])
                .ToRpcException(),
            0 => Limits.PageDefaultSize,
            var asked => Math.Min(asked, Limits.PageMaxSize),
        };
        var after = request.PageToken.Length == 0 ? ((int, int)?)null : Decode(request.PageToken, manifest.Tenant);
        var rest = manifest.Policies
            .Select((entry, place) => (Entry: entry, At: (entry.Priority, Place: place)))
            .OrderBy(item => item.At)
            .SkipWhile(item => after is { } last && item.At.CompareTo(last) <= 0)
            .Take(size + 1)
            .ToList();
        var shown = rest.Take(size).ToList();
        return new PolicyPage(
            [.. shown.Select(item => item.Entry)],
            rest.Count > size ? Encode(shown[^1].At, manifest.Tenant) : "");
    }

    private static string Encode((int Priority, int Place) at, TenantId tenant)
    {
        var position = string.Create(CultureInfo.InvariantCulture, $"{at.Priority},{at.Place}");
        return Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{Tag(position, tenant)}{position}"));
    }

    private static (int Priority, int Place) Decode(string token, TenantId tenant)
    {
        if (Base64Url.IsValid(token) && Encoding.ASCII.GetString(Base64Url.DecodeFromChars(token)) is { Length: > TagLength } text)
        {
            var position = text[TagLength..];
            if (Tag(position, tenant) == text[..TagLength]
                && position.Split(',') is [var priority, var place]
                && int.TryParse(priority, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(place, CultureInfo.InvariantCulture, out var second))
            {
                return (first, second);
            }
        }

        throw RpcErrors.InvalidFields([new FieldFault(
            "page_token", "PAGE_TOKEN_INVALID", "page_token is no token of this list", "send next_page_token of the page before, or none")]).ToRpcException();
    }

    // No secret: a token names a place in the caller's own list and opens nothing. The tag finds mistakes and other lists' tokens.
    private static string Tag(string position, TenantId tenant) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"policies\n{tenant}\n{position}")))[..TagLength];
}
