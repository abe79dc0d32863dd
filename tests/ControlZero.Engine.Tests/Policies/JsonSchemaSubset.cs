using System.Text.Json;
using System.Text.RegularExpressions;

namespace ControlZero.Engine.Tests.Policies;

/// <summary>
/// Enough of JSON Schema, draft 2020-12, to hold a document against the published schema. A keyword it does not know fails the test, so that
/// none is silently skipped.
/// </summary>
internal sealed class JsonSchemaSubset(JsonElement root)
{
    public bool Accepts(JsonElement value) => Accepts(root, value);

    /// <summary>Holds a part of a document against one definition.</summary>
    public bool Accepts(string definition, JsonElement value) => Accepts(Resolve($"#/$defs/{definition}"), value);

    private bool Accepts(JsonElement schema, JsonElement value) =>
        schema.EnumerateObject().All(keyword => Holds(keyword.Name, keyword.Value, schema, value));

    private bool Holds(string keyword, JsonElement operand, JsonElement schema, JsonElement value) => keyword switch
    {
        "$schema" or "$id" or "$defs" or "title" or "description" or "default" or "then" => true,
        "$ref" => Accepts(Resolve(operand.GetString()!), value),
        "type" => operand.ValueKind == JsonValueKind.Array ? operand.EnumerateArray().Any(type => IsType(type.GetString()!, value)) : IsType(operand.GetString()!, value),
        "enum" => operand.EnumerateArray().Any(word => JsonElement.DeepEquals(word, value)),
        "not" => !Accepts(operand, value),
        "allOf" => operand.EnumerateArray().All(part => Accepts(part, value)),
        "anyOf" => operand.EnumerateArray().Any(part => Accepts(part, value)),
        "oneOf" => operand.EnumerateArray().Count(part => Accepts(part, value)) == 1,
        "if" => !Accepts(operand, value) || Accepts(schema.GetProperty("then"), value),
        "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= operand.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= operand.GetInt32(),
        "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, operand.GetString()!, RegexOptions.ECMAScript),
        "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= operand.GetDouble(),
        "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() > operand.GetDouble(),
        "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= operand.GetDouble(),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= operand.GetInt32(),
        "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= operand.GetInt32(),
        "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(item => Accepts(operand, item)),
        _ => value.ValueKind != JsonValueKind.Object || HoldsOfObject(keyword, operand, schema, value),
    };

    private bool HoldsOfObject(string keyword, JsonElement operand, JsonElement schema, JsonElement value) => keyword switch
    {
        "required" => operand.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "minProperties" => value.EnumerateObject().Count() >= operand.GetInt32(),
        "properties" => value.EnumerateObject().All(field => !operand.TryGetProperty(field.Name, out var inner) || Accepts(inner, field.Value)),
        "propertyNames" => value.EnumerateObject().All(field => Accepts(operand, JsonSerializer.SerializeToElement(field.Name))),
        "additionalProperties" => value.EnumerateObject()
            .Where(field => !schema.TryGetProperty("properties", out var known) || !known.TryGetProperty(field.Name, out _))
            .All(field => operand.ValueKind != JsonValueKind.False && Accepts(operand, field.Value)),
        _ => throw new NotSupportedException($"the schema uses `{keyword}`, which this validator does not know"),
    };

    private JsonElement Resolve(string reference) =>
        reference[2..].Split('/').Aggregate(root, (element, step) => element.GetProperty(step));

    private static bool IsType(string type, JsonElement value) => (type, value.ValueKind) switch
    {
        ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) or ("number", JsonValueKind.Number) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => double.IsInteger(value.GetDouble()),
        _ => false,
    };
}
