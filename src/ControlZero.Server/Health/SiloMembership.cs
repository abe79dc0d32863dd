namespace ControlZero.Server.Health;

/// <summary>A silo is a part of its cluster while it is an active member and hears of the others.</summary>
/// <param name="silos">What the silo itself believes.</param>
/// <param name="contact">Whether it has reason to. Null: there are no others.</param>
internal sealed class SiloMembership(ISiloStatusOracle silos, MembershipContact? contact) : IMembership
{
    public string? Missing =>
        silos.CurrentStatus != SiloStatus.Active ? "silo_not_active"
        : contact is { IsLost: true } ? "cut_off"
        : null;
}
