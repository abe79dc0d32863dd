using System.Buffers;

namespace ControlZero.Storage.Azure;

/// <summary>
/// The names of records, as the official provider makes them. That provider joins the parts with characters that the parts may hold, and
/// replaces what the store does not take, so that two grains can share a record. Here a name that could be two grains' is refused.
/// </summary>
/// <remarks>INVARIANT: no two (service id, grain type, key, state name) that are taken have the same name.</remarks>
internal static class AzureRecordNames
{
    // Azure Table takes keys of 1 KiB, and counts two bytes a character.
    private const int LongestTableKey = 512;

    private const int LongestBlobName = 1024;

    // What Azure Table does not take in a key and the official provider replaces by `_`.
    private static readonly SearchValues<char> ReplacedInTables = SearchValues.Create("/\\#?");

    private static readonly SearchValues<char> SeparatorsInTables = SearchValues.Create("/\\#?_");

    // `-` ends the state name, `/` the grain type, and some clients read `\` as `/`.
    private static readonly SearchValues<char> SeparatorsInBlobs = SearchValues.Create("/\\-");

    private static readonly SearchValues<char> NotInBlobTypes = SearchValues.Create("/\\");

    private static readonly SearchValues<char> NotInBlobKeys = SearchValues.Create("\\");

    /// <summary>Partition key <c>{service}_{type}_{key}</c> (the slash of the grain id replaced), row key the state's name.</summary>
    public static (string PartitionKey, string RowKey) InTable(string serviceId, string stateName, GrainId grainId)
    {
        var (type, key) = Parts(grainId);
        var prefix = PartitionPrefix(serviceId, type);
        Check("grain key", key, ReplacedInTables);
        Check("state name", stateName, ReplacedInTables);
        return (Short($"{prefix}{key}", LongestTableKey), Short(stateName, LongestTableKey));
    }

    /// <summary>What the partition keys of all grains of a type begin with, and of no other.</summary>
    public static string PartitionPrefix(string serviceId, string type)
    {
        Check("service id", serviceId, SeparatorsInTables);
        Check("grain type", type, SeparatorsInTables);
        return $"{serviceId}_{type}_";
    }

    /// <summary>Blob name <c>{state}-{type}/{key}.json</c>.</summary>
    public static string InContainer(string stateName, GrainId grainId)
    {
        var (type, key) = Parts(grainId);
        Check("state name", stateName, SeparatorsInBlobs);
        Check("grain type", type, NotInBlobTypes);
        Check("grain key", key, NotInBlobKeys);
        var name = Short($"{stateName}-{type}/{key}.json", LongestBlobName);
        return name.Split('/').All(segment => segment.Trim('.').Length > 0 && !segment.EndsWith('.'))
            ? name
            : throw new ArgumentException($"grain key `{key}` holds a path segment that is empty or ends with a dot, which a URL does not keep");
    }

    private static (string Type, string Key) Parts(GrainId grainId) => (grainId.Type.ToString()!, grainId.Key.ToString()!);

    private static void Check(string what, string text, SearchValues<char> refused)
    {
        var at = text.AsSpan().IndexOfAny(refused);
        if (at >= 0)
        {
            throw new ArgumentException(
                $"{what} `{text}` holds `{text[at]}`, with which two grains could share a record in Azure Storage; spell it without");
        }

        if (text.AsSpan().ContainsAnyInRange('\u0000', '\u001f') || text.AsSpan().ContainsAnyInRange('\u007f', '\u009f'))
        {
            throw new ArgumentException($"{what} of {text.Length} characters holds a control character, which Azure Storage does not take");
        }
    }

    private static string Short(string name, int limit) => name.Length <= limit
        ? name
        : throw new ArgumentException($"`{name[..64]}…` has {name.Length} characters; Azure Storage takes names of up to {limit}");
}
