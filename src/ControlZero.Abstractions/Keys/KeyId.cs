using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace ControlZero.Abstractions.Keys;

/// <summary>The public part of an API key: 12 characters of <c>[0-9A-Za-z]</c>. Names the key in lists, logs and events.</summary>
[GenerateSerializer, Immutable, Alias("cz.KeyId"), JsonConverter(typeof(IdJsonConverter<KeyId>))]
public readonly record struct KeyId : IId<KeyId>
{
    /// <summary>How long a key id is. Unit: characters.</summary>
    public const int Length = 12;

    private KeyId(string value) => Value = value;

    /// <summary>The id as text.</summary>
    [Id(0)]
    public string Value { get; }

    /// <summary>Reads an id; false when it is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out KeyId id)
    {
        id = default;
        if (text is not { Length: Length } || !text.All(char.IsAsciiLetterOrDigit))
        {
            return false;
        }

        id = new KeyId(text);
        return true;
    }

    /// <summary>Reads an id that is known to be one.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static KeyId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"`{text}` is not a key id");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
