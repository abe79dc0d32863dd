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
}
