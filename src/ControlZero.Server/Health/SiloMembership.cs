namespace ControlZero.Server.Health;

/// <summary>A silo is a part of its cluster while it is an active member.</summary>
internal sealed class SiloMembership(ISiloStatusOracle silos) : IMembership
{
    public string? Missing => silos.CurrentStatus == SiloStatus.Active ? null : "silo_not_active";
}
