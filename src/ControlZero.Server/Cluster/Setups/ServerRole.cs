namespace ControlZero.Server.Cluster.Setups;

/// <summary>What a server is in its cluster.</summary>
internal enum ServerRole
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>A silo, which keeps agents and decides, and a front door before it.</summary>
    Silo = 1,

    /// <summary>A front door alone: it checks keys and asks the silos through their gateways.</summary>
    FrontDoor = 2,
}
