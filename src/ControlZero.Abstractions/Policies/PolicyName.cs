using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using ControlZero.Engine.Requests;

namespace ControlZero.Abstractions.Policies;

/// <summary>A policy's name within its tenant, as its author wrote it: 1 to 128 characters, trimmed, none of them invisible.</summary>
[GenerateSerializer, Immutable, Alias("cz.PolicyName"), JsonConverter(typeof(IdJsonConverter<PolicyName>))]
public readonly record struct PolicyName : IId<PolicyName>
{
    private PolicyName(string value) => Value = value;

    /// <summary>The name as text.</summary>
    [Id(0)]
    public string Value { get; }

    /// <summary>Reads a name; false when it is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out PolicyName name)
    {
        name = default;
        if (text is null || RequestSyntax.CheckPolicyName(text) is not null)
        {
            return false;
        }

        name = new PolicyName(text);
        return true;
    }

    /// <summary>Reads a name that is known to be one.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static PolicyName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"`{text}` is not a policy name");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
