namespace ControlZero.Server.Cluster.Setups;

/// <summary>Where state and membership are kept.</summary>
internal enum SetupKind
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>One process, one file, no other server.</summary>
    Embedded = 1,

    /// <summary>Small records in an Azure table, policies in Azure blobs, membership in Redis or PostgreSQL.</summary>
    Azure = 2,

    /// <summary>State and membership in PostgreSQL.</summary>
    Postgres = 3,
}
