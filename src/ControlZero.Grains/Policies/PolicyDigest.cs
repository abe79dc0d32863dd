using System.Security.Cryptography;
using System.Text;

namespace ControlZero.Grains.Policies;

/// <summary>Tells documents apart.</summary>
internal static class PolicyDigest
{
    /// <summary>SHA-256 of the document's UTF-8, in lower-case hexadecimal.</summary>
    public static string Of(string document) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document)));
}
