namespace ControlZero.Abstractions;

/// <summary>Names of the grain storage providers that a silo must register.</summary>
public static class StorageNames
{
    /// <summary>Where all grains of this project keep their state.</summary>
    public const string State = "controlzero";
}
