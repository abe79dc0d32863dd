using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using ControlZero.Engine.Requests;

namespace ControlZero.Abstractions.Agents;

/// <summary>An agent within its tenant. <c>[a-z0-9][a-z0-9._:@_-]{0,127}</c>.</summary>
[GenerateSerializer, Immutable, Alias("cz.AgentId"), JsonConverter(typeof(IdJsonConverter<AgentId>))]
public readonly record struct AgentId : IId<AgentId>
{
    private AgentId(string value) => Value = value;

    /// <summary>The id as text.</summary>
    [Id(0)]
    public string Value { get; }

    /// <summary>Reads an id; false when it is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AgentId id)
    {
        id = default;
        if (text is null || RequestSyntax.CheckAgentId(text) is not null)
        {
            return false;
        }

        id = new AgentId(text);
        return true;
    }

    /// <summary>Reads an id that is known to be one.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static AgentId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"`{text}` is not an agent id");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
