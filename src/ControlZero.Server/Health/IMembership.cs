namespace ControlZero.Server.Health;

/// <summary>Whether this server is a part of its cluster, as far as it knows without asking anybody.</summary>
internal interface IMembership
{
    /// <summary>Why it is none, a word for programs. Null: it is one.</summary>
    string? Missing { get; }
}
