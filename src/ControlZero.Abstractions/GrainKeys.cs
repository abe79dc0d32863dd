using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Abstractions;

/// <summary>
/// The only place where grain keys are made.
/// </summary>
/// <remarks>
/// INVARIANT: different ids have different keys, on every storage provider. Azure Table replaces <c>/ \ # ?</c> by <c>_</c> and some
/// stores fold letter case, so a key holds none of those four characters, and free text is spelled in lower case with <c>=XX</c> for
/// every other byte. <c>~</c> separates: it is in no id.
/// </remarks>
public static class GrainKeys
{
    private const char Separator = '~';

    // Azure Blob takes names of up to 1,024 characters, and the provider puts the state and grain type in front. Azure Table takes 512:
    // only policies have keys that long, and they are kept in blobs.
    private const int LongestSpelling = 512;

    /// <summary>Key of a tenant's grain.</summary>
    public static string Of(TenantId tenant) => tenant.Value;

    /// <summary>Key of an agent's grain.</summary>
    public static string Of(TenantId tenant, AgentId agent) => $"{PrefixOf(tenant)}{agent.Value}";

    /// <summary>What the keys of all agents of a tenant begin with, and of no other's.</summary>
    public static string PrefixOf(TenantId tenant) => $"{tenant.Value}{Separator}";

    /// <summary>Key of a policy's grain.</summary>
    public static string Of(TenantId tenant, PolicyName policy) => $"{tenant.Value}{Separator}{Spell(policy.Value)}";

    /// <summary>Key of the grain that keeps one version of the policy whose grain has the given key.</summary>
    public static string OfVersion(string policyKey, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{policyKey}{Separator}{version}");

    /// <summary>Key of an API key's grain. Letter case is spelled out: <c>a</c> and <c>A</c> are two keys.</summary>
    public static string Of(KeyId key) => Spell(key.Value);

    /// <summary>The tenant and agent of an agent grain's key.</summary>
    public static (TenantId Tenant, AgentId Agent) ParseAgent(string key)
    {
        var at = key.IndexOf(Separator, StringComparison.Ordinal);
        return (TenantId.Parse(key[..at]), AgentId.Parse(key[(at + 1)..]));
    }

    private static string Spell(string text)
    {
        var spelling = new StringBuilder(text.Length + 16);
        foreach (var unit in Encoding.UTF8.GetBytes(text))
        {
            var character = (char)unit;
            if (char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '-')
            {
                spelling.Append(character);
            }
            else
            {
                spelling.Append(CultureInfo.InvariantCulture, $"={unit:x2}");
            }
        }

        // `=s` begins no byte's spelling, so a digest is never taken for a text.
        return spelling.Length <= LongestSpelling
            ? spelling.ToString()
            : $"=s{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
    }
}
