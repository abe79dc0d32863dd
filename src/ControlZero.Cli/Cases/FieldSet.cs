using System.Text.Json;

namespace ControlZero.Cli.Cases;

/// <summary>An object of a case file, read field by field; fields that nobody knows are refused.</summary>
internal sealed class FieldSet
{
    private readonly JsonElement _element;
    private readonly string _path;

    /// <summary>Takes an object whose fields are all known.</summary>
    /// <param name="element">The object.</param>
    /// <param name="path">Where it stands, for messages.</param>
    /// <param name="known">Every field it may have.</param>
    public FieldSet(JsonElement element, string path, params ReadOnlySpan<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new CaseSyntaxException($"`{path}` is not an object; write `name: value` pairs");
        }

        foreach (var field in element.EnumerateObject())
        {
            if (!known.Contains(field.Name))
            {
                throw new CaseSyntaxException($"`{path}.{field.Name}` does not exist; known are {string.Join(", ", known.ToArray().Select(name => $"`{name}`"))}");
            }
        }

        _element = element;
        _path = path;
    }

    /// <summary>The field, or null: it is missing or null.</summary>
    public JsonElement? Find(string name) => _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>True when the field is there, be it null.</summary>
    public bool Has(string name) => _element.TryGetProperty(name, out _);

    /// <summary>The field as text, or null: it is missing or null.</summary>
    public string? FindText(string name) => Find(name) is not { } value
        ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw new CaseSyntaxException($"`{_path}.{name}` is not a text; put it in quotes");

    /// <summary>The field as text; it must be there.</summary>
    public string Text(string name) => FindText(name) ?? throw new CaseSyntaxException($"`{_path}.{name}` is missing; add it");

    /// <summary>The field as a list, empty when it is missing or null.</summary>
    public IEnumerable<JsonElement> List(string name) => Find(name) is not { } value
        ? []
        : value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw new CaseSyntaxException($"`{_path}.{name}` is not a list; write a list");
}
