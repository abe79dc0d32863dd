using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Keys;
using Microsoft.Extensions.Primitives;

namespace ControlZero.Server.Authentication;

/// <summary>Finds out who calls from the <c>authorization</c> header.</summary>
internal sealed class KeyAuthenticator(KeyCatalog keys, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    private const string Scheme = "Bearer ";

    // The binding's globs are compiled once a key record, not once a call.
    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<KeyRecord, ClientIdentity> _identities = [];

    /// <summary>Who calls, or null: the header is missing, doubled or malformed, or the key is unknown, revoked or not valid now.</summary>
    public async ValueTask<ClientIdentity?> AuthenticateAsync(StringValues authorization, CancellationToken cancellationToken)
    {
        if (authorization is not [{ } header]
            || !header.StartsWith(Scheme, StringComparison.Ordinal)
            || !ApiKey.TryParse(header[Scheme.Length..], out var key))
        {
            return null;
        }

        var record = await keys.FindAsync(key.Id, cancellationToken);
        return record is not null && key.HasHash(record.Hash) && record.IsValidAt(clock.GetUtcNow())
            ? _identities.GetValue(record, static found => new ClientIdentity(found))
            : null;
    }

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

    private bool IsSame(ClientIdentity caller, KeyRecord? record) =>
        record is not null && record.Hash == caller.Key.Hash && record.IsValidAt(clock.GetUtcNow());
}
