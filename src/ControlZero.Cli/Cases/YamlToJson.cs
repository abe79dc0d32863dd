using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ControlZero.Cli.Cases;

/// <summary>Case files in YAML, as JSON: one way of reading them serves both.</summary>
internal static class YamlToJson
{
    private const int MaxDepth = 64;

    /// <summary>Stops a file whose aliases multiply.</summary>
    private const int MaxNodes = 1_000_000;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789+-.eE");

    /// <summary>The one document of the text. Throws <see cref="CaseSyntaxException"/> when it is not YAML.</summary>
    public static JsonNode? Convert(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            var nodes = 0;
            return stream.Documents.Count == 1
                ? Convert(stream.Documents[0].RootNode, 1, ref nodes)
                : throw new CaseSyntaxException($"the file holds {stream.Documents.Count} YAML documents; write one, a list of cases");
        }
        catch (YamlException error)
        {
            throw new CaseSyntaxException($"line {error.Start.Line}, column {error.Start.Column}: {error.Message}");
        }
    }

    private static JsonNode? Convert(YamlNode node, int depth, ref int nodes)
    {
        if (depth > MaxDepth || ++nodes > MaxNodes)
        {
            throw new CaseSyntaxException($"the file is nested deeper than {MaxDepth} levels or has more than {MaxNodes} values; write it flatter and without aliases");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var fields = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    var name = (key as YamlScalarNode)?.Value
                        ?? throw new CaseSyntaxException($"line {key.Start.Line}: a key is not a text; write `name: value`");
                    fields[name] = Convert(value, depth + 1, ref nodes);
                }

                return fields;
            case YamlSequenceNode sequence:
                var items = new JsonArray();
                foreach (var item in sequence.Children)
                {
                    items.Add(Convert(item, depth + 1, ref nodes));
                }

                return items;
            default:
                return Scalar((YamlScalarNode)node);
        }
    }

    /// <summary>The core schema of YAML 1.2: what is not quoted and looks like null, a truth value or a number is one.</summary>
    private static JsonValue? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        return scalar.Style != ScalarStyle.Plain ? JsonValue.Create(text) : text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when LooksLikeNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) =>
                JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static bool LooksLikeNumber(string text) => text.AsSpan().IndexOfAnyExcept(NumberCharacters) < 0 && text.Any(char.IsAsciiDigit);
}
