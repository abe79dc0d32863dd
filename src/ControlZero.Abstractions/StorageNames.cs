namespace ControlZero.Abstractions;

/// <summary>Names of the grain storage providers that a silo must register.</summary>
public static class StorageNames
{
    /// <summary>Where grains keep their state: small records that change often.</summary>
    public const string State = "controlzero";

    /// <summary>Where policies keep their versions: large records, written once. A silo that registers none keeps them with the rest.</summary>
    public const string Policies = "controlzero-policies";
}
