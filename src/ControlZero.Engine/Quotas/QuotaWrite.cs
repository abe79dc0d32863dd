namespace ControlZero.Engine.Quotas;

/// <summary>A write of an account's record that its holder is to make.</summary>
/// <param name="Record">What to write. Its nonce is this write's alone.</param>
/// <param name="ETag">What the record must still be; null: there must be none.</param>
public sealed record QuotaWrite(QuotaRecord Record, string? ETag);

/// <summary>What a look at storage says of a write whose outcome was not known.</summary>
public enum WriteOutcome
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>It was done: what it reserved is there to be granted.</summary>
    Applied = 1,

    /// <summary>It was not done yet, and may still be: make the very same write again.</summary>
    Open = 2,

    /// <summary>Somebody else has written since, and nobody can tell any more. What it reserved, if it did, belongs to nobody.</summary>
    Lost = 3,

    /// <summary>It was not done and never will be: somebody else was first.</summary>
    Refused = 4,
}
