using System.Text.Json;
using ControlZero.Client.AI.Enforcement;

namespace ControlZero.Client.AI.Requests;

/// <summary>The models that the JSON of one request names, in any of the ways OpenAI-compatible providers know.</summary>
/// <param name="Model">The field `model`. Null: it is absent.</param>
/// <param name="Others">OpenRouter's `models` and `preset` (as `@preset/name`, the way it is written in `model`), LiteLLM's `fallbacks`.</param>
internal sealed record ModelFields(string? Model, IReadOnlyList<string> Others)
{
    private const string ModelName = "model";
    private const string ModelsName = "models";
    private const string FallbacksName = "fallbacks";
    private const string PresetName = "preset";
    private const string PresetPrefix = "@preset/";
    private static readonly string[] FieldNames = [ModelName, ModelsName, FallbacksName, PresetName];

    /// <summary>A request that names none.</summary>
    public static ModelFields None { get; } = new(null, []);

    /// <summary>All the names, `model` first.</summary>
    public IEnumerable<string> All => Model is null ? Others : Others.Prepend(Model);

    /// <summary>Whether a field of this name may name models, in whatever letter case.</summary>
    public static bool IsField(string name) => FieldNames.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the fields of a JSON object. Throws when one of them is not what it should be: a guess could let another model through.</summary>
    public static ModelFields Read(JsonElement request)
    {
        string? model = null;
        var others = new List<string>();
        foreach (var property in request.EnumerateObject())
        {
            var field = FieldNames.FirstOrDefault(name => name.Equals(property.Name, StringComparison.OrdinalIgnoreCase));
            if (field is null || property.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (field != property.Name)
            {
                throw Refusals.Field(
                    field, Refusals.FieldValue, $"the field `{property.Name}` differs from `{field}` only in letter case, and some providers read it as that; write `{field}`");
            }

            switch (field)
            {
                case ModelName:
                    model = Text(field, property.Value);
                    break;
                case PresetName:
                    others.Add(Preset(Text(field, property.Value)));
                    break;
                default:
                    others.AddRange(Names(field, property.Value));
                    break;
            }
        }

        return new ModelFields(model, others);
    }

    private static IEnumerable<string> Names(string field, JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Select(entry => Name(field, entry))
        : throw Refusals.Field(field, Refusals.FieldType, $"the field `{field}` is not a list; give a list of models");

    /// <summary>LiteLLM also takes objects with a field `model`.</summary>
    private static string Name(string field, JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(ModelName, out var model) ? Text(field, model) : Text(field, entry);

    private static string Text(string field, JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
        ? text
        : throw Refusals.Field(field, Refusals.FieldType, $"the field `{field}` holds something that is not the name of a model; give a text that is not empty");

    private static string Preset(string name) => name.StartsWith(PresetPrefix, StringComparison.Ordinal) ? name : PresetPrefix + name;
}
