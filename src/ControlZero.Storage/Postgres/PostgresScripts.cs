using System.Collections.Frozen;
using System.Globalization;

namespace ControlZero.Storage.Postgres;

/// <summary>The SQL of this build, embedded from the folder <c>Sql</c>.</summary>
internal static class PostgresScripts
{
    private const string LayoutPrefix = "layout-";
    private const string QueryPrefix = "query-";
    private const string IndexPrefix = "index-";

    /// <summary>What makes each layout from the one before it. The first of them is layout 1.</summary>
    public static IReadOnlyList<string> Layouts { get; } =
        [.. Names(LayoutPrefix).OrderBy(name => int.Parse(Key(name, LayoutPrefix), CultureInfo.InvariantCulture)).Select(Text)];

    /// <summary>The statements that Orleans reads when a silo starts, by the name it knows them by.</summary>
    public static FrozenDictionary<string, string> Queries { get; } =
        Names(QueryPrefix).ToFrozenDictionary(name => Key(name, QueryPrefix), Text);

    /// <summary>What makes each index that no layout has, by its name. An earlier release works with and without it.</summary>
    public static FrozenDictionary<string, string> Indexes { get; } = Names(IndexPrefix).ToFrozenDictionary(name => Key(name, IndexPrefix), Text);

    private static IEnumerable<string> Names(string prefix) =>
        typeof(PostgresScripts).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal));

    private static string Key(string name, string prefix) => Path.GetFileNameWithoutExtension(name[prefix.Length..]);

    private static string Text(string name)
    {
        using var reader = new StreamReader(typeof(PostgresScripts).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
