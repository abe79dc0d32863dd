using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Requests;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Audit.Reading;

/// <summary>
/// Page tokens and cursors of the log. Like those of all lists they are tagged, not signed: a tag of tenant, list and filter finds mistakes and
/// other lists' tokens, and a forged one opens nothing, because whose events are read is the key's to say and no token's.
/// </summary>
internal static class EventToken
{
    private const int TagLength = 16;
    private const int Longest = 64 * 1024;

    /// <summary>Writes one.</summary>
    /// <param name="purpose">Which list, with its filter.</param>
    /// <param name="tenant">Whose.</param>
    /// <param name="content">What it says.</param>
    public static string Encode<T>(string purpose, TenantId tenant, T content)
    {
        var text = JsonSerializer.Serialize(content);
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Tag(purpose, tenant, text) + text));
    }

    /// <summary>Reads one.</summary>
    /// <param name="field">The field it came in.</param>
    /// <param name="code">What a wrong one is called.</param>
    /// <param name="token">The token.</param>
    /// <param name="purpose">Which list, with its filter.</param>
    /// <param name="tenant">Whose.</param>
    /// <exception cref="RpcException">It is none of this list.</exception>
    public static T Decode<T>(string field, string code, string token, string purpose, TenantId tenant)
        where T : class
    {
        var isOurs = token.Length <= Longest
            && Base64Url.IsValid(token)
            && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)) is { Length: > TagLength } text
            && Tag(purpose, tenant, text[TagLength..]) == text[..TagLength];
        return isOurs && TryRead<T>(token) is { } content ? content : throw RpcErrors.InvalidFields([new FieldFault(
            field, code, $"{field} is no token of this list and filter", "send the one that came last, with the same filter, or none")]).ToRpcException();
    }

    // A tag is no secret: who forges one may still have written nothing that can be read.
    private static T? TryRead<T>(string token)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token))[TagLength..]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Tag(string purpose, TenantId tenant, string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"audit\n{purpose}\n{tenant}\n{text}")))[..TagLength];
}
