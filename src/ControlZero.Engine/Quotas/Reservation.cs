using System.Collections.Immutable;

namespace ControlZero.Engine.Quotas;

/// <summary>What was charged for one call, until it is settled, cancelled or ends at its charge.</summary>
public sealed class Reservation
{
    internal Reservation(ulong number, ImmutableArray<QuotaCharge> charges, DateTimeOffset expiresAt, RequestTag? request, string? resource)
    {
        Number = number;
        Charges = charges;
        ExpiresAt = expiresAt;
        Request = request;
        Resource = resource;
    }

    /// <summary>Its number within its activation, from 1.</summary>
    public ulong Number { get; }

    /// <summary>What was charged.</summary>
    public ImmutableArray<QuotaCharge> Charges { get; }

    /// <summary>When it ends at its charge.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The request it was made for. Null: the caller gave it no id.</summary>
    public RequestTag? Request { get; }

    /// <summary>What the call was to use: of several candidates, the first. Null: nothing.</summary>
    public string? Resource { get; }

    /// <summary>What became of it.</summary>
    public ReservationStatus Status { get; internal set; } = ReservationStatus.Open;

    /// <summary>What it was settled with, so that the same can be told from another.</summary>
    public CallUsage? Settled { get; internal set; }

    /// <summary>The model it was settled with.</summary>
    public string? SettledModel { get; internal set; }
}

/// <summary>A request, as the caller identifies it.</summary>
/// <param name="Id">The caller's id for it.</param>
/// <param name="Content">Digest of what was asked.</param>
public sealed record RequestTag(string Id, UInt128 Content);

/// <summary>What can become of a reservation.</summary>
public enum ReservationStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>The call is under way.</summary>
    Open = 1,

    /// <summary>It was settled with what the call used.</summary>
    Settled = 2,

    /// <summary>It was given back.</summary>
    Cancelled = 3,
}
