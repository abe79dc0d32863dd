using System.Buffers;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Requests;

public static partial class RequestSyntax
{
    private const string ModelPrefix = "model/";

    private static readonly SearchValues<char> GlobCharacters = SearchValues.Create("*?[]");
    private static readonly SearchValues<char> NotInModels = SearchValues.Create(" %\\*?[]");

    /// <summary>
    /// Checks an action: 1 to 256 bytes of UTF-8 without white space, invisible characters or any of <c>*?[]</c>, and no empty half around
    /// its first colon, or around its first dot where it has no colon.
    /// </summary>
    public static FieldFault? CheckAction(string action)
    {
        const string field = "action";
        if (action.Length == 0)
        {
            return Required(field, "name what the agent wants to do, for example `llm.generate`");
        }

        if (CheckBytes(field, FaultCodes.ActionTooLong, action, Limits.ActionMaxBytes) is { } tooLong)
        {
            return tooLong;
        }

        if (CheckVisible(field, FaultCodes.ActionSyntax, action) is { } hidden)
        {
            return hidden;
        }

        if (IndexOfWhiteSpace(action) is var space and >= 0)
        {
            return new(field, FaultCodes.ActionSyntax, $"action {Quoted.Text(action)} has white space at position {space}", "remove it");
        }

        if (action.AsSpan().IndexOfAny(GlobCharacters) is var glob and >= 0)
        {
            return new(field, FaultCodes.ActionSyntax, $"action {Quoted.Text(action)} has `{action[glob]}` at position {glob}", "name one action; patterns stand in policies only");
        }

        var colon = action.IndexOf(':', StringComparison.Ordinal);
        var split = colon >= 0 ? colon : action.IndexOf('.', StringComparison.Ordinal);
        return split == 0 || (split > 0 && split == action.Length - 1)
            ? new(field, FaultCodes.ActionSyntax, $"action {Quoted.Text(action)} has an empty half", "write `tool:method`")
            : null;
    }

    /// <summary>
    /// Checks a resource: at most 1 KiB of UTF-8, without invisible characters or <c>*</c>. One that begins <c>model/</c> is printable ASCII
    /// without spaces, <c>% \ * ? [ ]</c>, empty or dot segments or a trailing slash, and nothing else may pass for one. Empty: there is none.
    /// </summary>
    public static FieldFault? CheckResource(string resource)
    {
        const string field = "resource";
        if (resource.Length == 0)
        {
            return null;
        }

        if (CheckBytes(field, FaultCodes.ResourceTooLong, resource, Limits.ResourceMaxBytes) is { } tooLong)
        {
            return tooLong;
        }

        if (CheckVisible(field, FaultCodes.ResourceSyntax, resource) is { } hidden)
        {
            return hidden;
        }

        if (resource.StartsWith(ModelPrefix, StringComparison.Ordinal))
        {
            return CheckModel(resource);
        }

        if (resource.Contains('*', StringComparison.Ordinal))
        {
            return Resource(resource, "has `*`", "name one resource; patterns stand in policies only");
        }

        return ModelLookalike(resource) is { } spelling ? Resource(resource, "could be taken for a model", $"write {Quoted.Text(spelling)}") : null;
    }

    /// <summary>The resource's spelling as a model when it is none but could be taken for one, or null.</summary>
    internal static string? ModelLookalike(string resource)
    {
        if (resource.StartsWith(ModelPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        var decoded = resource.Replace("%2f", "/", StringComparison.OrdinalIgnoreCase)
            .Replace("%5c", "/", StringComparison.OrdinalIgnoreCase)
            .Replace('\\', '/')
            .AsSpan().Trim().TrimStart('/');
        return decoded.StartsWith(ModelPrefix, StringComparison.OrdinalIgnoreCase) ? string.Concat(ModelPrefix, decoded[ModelPrefix.Length..]) : null;
    }

    private static FieldFault? CheckModel(string resource)
    {
        if (resource.AsSpan().IndexOfAnyExceptInRange('!', '~') is var foreign and >= 0)
        {
            return Resource(resource, $"has the character {VisibleText.CodePointAt(resource, foreign)} at position {foreign}", "models are printable ASCII without spaces");
        }

        if (resource.AsSpan().IndexOfAny(NotInModels) is var refused and >= 0)
        {
            return Resource(resource, $"has `{resource[refused]}` at position {refused}", @"models are named without `% \ * ? [ ]`");
        }

        foreach (var segment in resource.AsSpan().Split('/'))
        {
            if (resource[segment] is "" or "." or "..")
            {
                return Resource(resource, "has an empty or dot segment, or a slash at its end", "write every segment out, and nothing after the last");
            }
        }

        return null;
    }

    private static FieldFault Resource(string resource, string what, string remedy) =>
        new("resource", FaultCodes.ResourceSyntax, $"resource {Quoted.Text(resource)} {what}", remedy);

    private static int IndexOfWhiteSpace(ReadOnlySpan<char> text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (char.IsWhiteSpace(text[index]))
            {
                return index;
            }
        }

        return -1;
    }
}
