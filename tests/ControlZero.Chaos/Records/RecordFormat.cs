using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace ControlZero.Chaos.Records;

/// <summary>How a line of the record is written: JSON, without what has its default, so without empty texts.</summary>
internal static class RecordFormat
{
    private static readonly JsonTypeInfo<RecordLine> Line = (JsonTypeInfo<RecordLine>)new JsonSerializerOptions(RecordJson.Default.Options)
    {
        TypeInfoResolver = RecordJson.Default.WithAddedModifier(LeaveOutEmptyTexts),
    }.GetTypeInfo(typeof(RecordLine));

    /// <summary>The line, without its end.</summary>
    public static byte[] Write(RecordLine line) => JsonSerializer.SerializeToUtf8Bytes(line, Line);

    /// <summary>The line that was written so.</summary>
    public static RecordLine Read(string line) => JsonSerializer.Deserialize(line, Line) ?? throw new JsonException("a line of the record is `null`");

    private static void LeaveOutEmptyTexts(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(property => property.PropertyType == typeof(string) && type.Type == typeof(RecordLine)))
        {
            property.ShouldSerialize = static (_, value) => value is string { Length: > 0 };
        }
    }
}

[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RecordLine))]
internal sealed partial class RecordJson : JsonSerializerContext;
