using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using ControlZero.Engine.Requests;

namespace ControlZero.Abstractions.Tenants;

/// <summary>A tenant: the boundary of isolation. <c>[a-z0-9][a-z0-9-]{0,62}</c>.</summary>
[GenerateSerializer, Immutable, Alias("cz.TenantId"), JsonConverter(typeof(IdJsonConverter<TenantId>))]
public readonly record struct TenantId : IId<TenantId>
{
    /// <summary>The tenant a new server begins with.</summary>
    public static readonly TenantId Default = new("default");

    private TenantId(string value) => Value = value;

    /// <summary>The id as text.</summary>
    [Id(0)]
    public string Value { get; }

    /// <summary>Reads an id; false when it is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out TenantId id)
    {
        id = default;
        if (text is null || RequestSyntax.CheckTenantId(text) is not null)
        {
            return false;
        }

        id = new TenantId(text);
        return true;
    }

    /// <summary>Reads an id that is known to be one.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static TenantId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"`{text}` is not a tenant id");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
