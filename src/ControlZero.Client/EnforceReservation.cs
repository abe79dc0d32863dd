namespace ControlZero.Client;

/// <summary>Quota that is held for one call until it is settled, cancelled or expires.</summary>
/// <param name="Token">Names it in <see cref="ControlZeroClient.SettleAsync"/> and <see cref="ControlZeroClient.CancelAsync"/>.</param>
/// <param name="ExpiresAt">When it ends at its full charge. Null: the cluster did not say.</param>
public sealed record EnforceReservation(string Token, DateTimeOffset? ExpiresAt);
