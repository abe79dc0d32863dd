using System.Text.Json;
using System.Text.Json.Serialization;

namespace ControlZero.Abstractions;

/// <summary>An id that is kept as its text.</summary>
/// <typeparam name="TSelf">The id itself.</typeparam>
public interface IId<TSelf>
    where TSelf : struct, IId<TSelf>
{
    /// <summary>The id as text.</summary>
    string Value { get; }

    /// <summary>Reads an id that is known to be one.</summary>
    static abstract TSelf Parse(string text);
}

/// <summary>Keeps ids in stored state as their text, and checks them again when they are read.</summary>
/// <typeparam name="TId">The id.</typeparam>
public sealed class IdJsonConverter<TId> : JsonConverter<TId>
    where TId : struct, IId<TId>
{
    /// <inheritdoc/>
    public override TId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TId.Parse(reader.GetString() ?? throw new JsonException($"a {typeof(TId).Name} is missing"));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
