using System.Security.Cryptography;

namespace ControlZero.Client.Routing;

/// <summary>Chance for the length of pauses. A test hands in its own, with a seed.</summary>
internal static class Chance
{
    private const int Steps = 1 << 20;

    /// <summary>Even chance from 0 up to 1, different in every process. Safe for concurrent use.</summary>
    public static double OfSystem() => RandomNumberGenerator.GetInt32(Steps) / (double)Steps;
}
