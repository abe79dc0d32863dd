using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using Grpc.Core;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Which part of a list is asked for. A token names the place of the last entry shown, in the list's own order, so that what comes and goes
/// between two pages neither repeats nor hides anything else.
/// </summary>
/// <param name="Size">How many entries to show at most.</param>
/// <param name="After">The place after which to go on. Null: from the start.</param>
/// <param name="List">Name of the list and whose it is; tokens of another one are refused.</param>
internal sealed record PageRequest(int Size, string? After, string List)
{
    private const int TagLength = 12;

    /// <summary>What is wrong with a token that is none of the list's.</summary>
    public static FieldFault TokenFault { get; } = new(
        "page_token", "PAGE_TOKEN_INVALID", "page_token is no token of this list", "send next_page_token of the page before, or none");

    /// <summary>Reads the fields that every list has.</summary>
    /// <param name="size">0: the default.</param>
    /// <param name="token">Empty: from the start.</param>
    /// <param name="list">Name of the list and whose it is.</param>
    /// <exception cref="RpcException">One of them is not valid.</exception>
    public static PageRequest Read(int size, string token, string list) =>
        new(ReadSize(size), token.Length == 0 ? null : Decode(token, list), list);

    /// <summary>How many entries a page size asks for.</summary>
    /// <exception cref="RpcException">It is not valid.</exception>
    public static int ReadSize(int size) => CheckSize(size) is { } fault
        ? throw RpcErrors.InvalidFields([fault]).ToRpcException()
        : size == 0 ? Limits.PageDefaultSize : Math.Min(size, Limits.PageMaxSize);

    /// <summary>What is wrong with a page size, or null.</summary>
    public static FieldFault? CheckSize(int size) => size >= 0 ? null : new FieldFault(
        "page_size", "PAGE_SIZE_RANGE", "page_size is below 0", $"send 1 to {Limits.PageMaxSize}, or 0 for {Limits.PageDefaultSize}", Limits.PageMaxSize);

    /// <summary>The page of entries that are in order, the ones up to <see cref="After"/> left out already.</summary>
    /// <param name="rest">The entries; no more than one beyond the page is looked at.</param>
    /// <param name="placeOf">An entry's place, any text.</param>
    public (IReadOnlyList<T> Shown, string NextToken) Cut<T>(IEnumerable<T> rest, Func<T, string> placeOf)
    {
        var entries = rest.Take(Size + 1).ToList();
        if (entries.Count <= Size)
        {
            return (entries, "");
        }

        entries.RemoveAt(Size);
        return (entries, TokenOf(placeOf(entries[^1])));
    }

    /// <summary>The token that goes on after a place.</summary>
    public string TokenOf(string place) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Tag(place, List)}{place}"));

    /// <summary>The error for a token whose place the list cannot read.</summary>
    public static RpcException BadToken() => RpcErrors.InvalidFields([TokenFault]).ToRpcException();

    private static string Decode(string token, string list) =>
        Base64Url.IsValid(token)
        && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)) is { Length: > TagLength } text
        && Tag(text[TagLength..], list) == text[..TagLength]
            ? text[TagLength..]
            : throw BadToken();

    // No secret: a token names a place in the caller's own list and opens nothing. The tag finds mistakes and other lists' tokens.
    private static string Tag(string place, string list) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{list}\n{place}")))[..TagLength];
}
