using System.Runtime.CompilerServices;
using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Keys;
using Microsoft.Extensions.Primitives;

namespace ControlZero.Server.Authentication;

/// <summary>Finds out who calls from the <c>authorization</c> header.</summary>
internal sealed class KeyAuthenticator(
    KeyCatalog keys,
    WrongKeyLimit wrongKeys,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    private const string Scheme = "Bearer ";

    // The binding's globs are compiled once a key record, not once a call.
    private readonly ConditionalWeakTable<KeyRecord, ClientIdentity> _identities = [];

    // Kestrel gives the calls of a connection the same string for the same header, so a key is read and hashed once a connection and not
    // once a call. Held weakly: what a caller sent lives no longer than his connection.
    private readonly ConditionalWeakTable<string, ClientIdentity> _headers = [];

    /// <summary>Who calls, or null: the header is missing, doubled or malformed, or the key is unknown, revoked or not valid now.</summary>
    public ValueTask<ClientIdentity?> AuthenticateAsync(StringValues authorization, CancellationToken cancellationToken) =>
        AuthenticateAsync(authorization, null, cancellationToken);

    /// <summary>The same for a call: from an address that has tried too many unknown keys, no further one is looked up.</summary>
    public ValueTask<ClientIdentity?> AuthenticateAsync(StringValues authorization, HttpContext? call, CancellationToken cancellationToken)
    {
        if (authorization is not [{ } header])
        {
            return ValueTask.FromResult<ClientIdentity?>(null);
        }

        // INVARIANT: whoever was known by his header is held against the key's record again, with every call.
        if (!_headers.TryGetValue(header, out var known))
        {
            return ReadAsync(header, call, cancellationToken);
        }

        var valid = IsStillValidAsync(known, cancellationToken);
        return valid.IsCompletedSuccessfully
            ? ValueTask.FromResult(valid.Result ? known : null)
            : AwaitAsync();

        async ValueTask<ClientIdentity?> AwaitAsync() => await valid ? known : null;
    }

    /// <summary>True when the caller's address has tried too many unknown keys: then nobody who could not be told is said to be unknown.</summary>
    public bool IsLimited(HttpContext? call) => wrongKeys.IsReached(call?.Connection.RemoteIpAddress);

    /// <summary>
    /// True while the key of a call that goes on may still be used. Where nothing changed this is a look into a dictionary of this silo; a
    /// revocation is seen from the moment this silo acknowledged it, the end of its time by this silo's clock.
    /// </summary>
    public ValueTask<bool> IsStillValidAsync(ClientIdentity caller, CancellationToken cancellationToken)
    {
        var found = keys.FindAsync(caller.Key.Id, cancellationToken);
        return found.IsCompletedSuccessfully ? ValueTask.FromResult(IsSame(caller, found.Result)) : LoadAsync();

        async ValueTask<bool> LoadAsync() => IsSame(caller, await found);
    }

    private async ValueTask<ClientIdentity?> ReadAsync(string header, HttpContext? call, CancellationToken cancellationToken)
    {
        if (!header.StartsWith(Scheme, StringComparison.Ordinal) || !ApiKey.TryParse(header[Scheme.Length..], out var key))
        {
            return null;
        }

        var isUnseen = keys.IsUnseen(key.Id);
        if (isUnseen && IsLimited(call))
        {
            return null;
        }

        var record = await keys.FindAsync(key.Id, cancellationToken);
        if (isUnseen && record is null)
        {
            wrongKeys.Count(call?.Connection.RemoteIpAddress);
        }

        if (record is null || !key.HasHash(record.Hash) || !record.IsValidAt(clock.GetUtcNow()))
        {
            return null;
        }

        var identity = _identities.GetValue(record, static found => new ClientIdentity(found));
        _headers.AddOrUpdate(header, identity);
        return identity;
    }

    private bool IsSame(ClientIdentity caller, KeyRecord? record) =>
        record is not null && record.Hash == caller.Key.Hash && record.IsValidAt(clock.GetUtcNow());
}
