using System.ClientModel.Primitives;
using System.Text.Json;
using ControlZero.Client.AI.Enforcement;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Requests;

/// <summary>Reads the models out of what a program hands past the common options: additional properties and a provider's own request objects.</summary>
internal static class RawRequest
{
    /// <summary>The models that additional properties name.</summary>
    public static ModelFields Read(AdditionalPropertiesDictionary? properties) =>
        properties is null or { Count: 0 } ? ModelFields.None : ModelFields.Read(JsonSerializer.SerializeToElement(NamesOnly(properties), AIJsonUtilities.DefaultOptions));

    /// <summary>The models that a provider's own request object names.</summary>
    /// <param name="raw">The object. Null: there is none.</param>
    /// <param name="settings">Whether one that cannot be read is refused.</param>
    public static ModelFields Read(object? raw, GateSettings settings)
    {
        if (raw is null)
        {
            return ModelFields.None;
        }

        try
        {
            if (raw is IPersistableModel<object>)
            {
                using var document = JsonDocument.Parse(ModelReaderWriter.Write(raw), StrictJson.Options);
                return ModelFields.Read(document.RootElement);
            }
        }
        catch (Exception error) when (error is not ControlZeroException)
        {
            return settings.AllowUnreadableRawRequests ? ModelFields.None : throw Unreadable(raw, error);
        }

        return settings.AllowUnreadableRawRequests ? ModelFields.None : throw Unreadable(raw, null);
    }

    /// <summary>The object as JSON. Null: there is none, or it cannot be read.</summary>
    public static JsonElement? ToJson(object? raw)
    {
        try
        {
            return raw is IPersistableModel<object> ? JsonElement.Parse(ModelReaderWriter.Write(raw)) : null;
        }
        catch (Exception error) when (error is JsonException or FormatException or NotSupportedException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The object that is really sent, when all its models were asked for. Throws when it names another: a factory may make a new object each time.</summary>
    public static object? Checked(object? raw, RequestedModels models, GateSettings settings) => models.Covers(Read(raw, settings))
        ? raw
        : throw Refusals.Field(
            "RawRepresentationFactory",
            Refusals.FieldValue,
            "the raw request names a model now that it did not name when it was asked for; let the factory give the same models each time");

    /// <summary>Only what may name a model is made into JSON: the rest may be anything.</summary>
    private static Dictionary<string, object?> NamesOnly(AdditionalPropertiesDictionary properties) =>
        properties.Where(property => ModelFields.IsField(property.Key)).ToDictionary(property => property.Key, property => property.Value);

    private static ControlZeroException Unreadable(object raw, Exception? cause) => Refusals.Field(
        "RawRepresentationFactory",
        Refusals.FieldType,
        $"the models of the raw request, a `{raw.GetType().Name}`, cannot be read before it is sent; " +
        "set the common options instead, or AllowUnreadableRawRequests to send it unread",
        cause);
}
