namespace ControlZero.Cli.Cases;

/// <summary>Finds case files.</summary>
internal static class CaseFiles
{
    private static readonly string[] Endings = [".cases.json", ".cases.yaml", ".cases.yml"];

    /// <summary>The files named, and those in the folders named, in a stable order.</summary>
    public static IReadOnlyList<string> Find(CliHost host, IEnumerable<string> paths)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            var full = Path.Combine(host.Directory, path);
            if (!Directory.Exists(full))
            {
                files.Add(path);
                continue;
            }

            var found = Directory.EnumerateFiles(full)
                .Where(file => Endings.Any(ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
                .Select(file => Path.Combine(path, Path.GetFileName(file)))
                .Order(StringComparer.Ordinal)
                .ToList();
            files.AddRange(found.Count > 0
                ? found
                : throw CommandFailure.Usage($"the folder `{path}` holds no case file; name files `*.cases.json` or `*.cases.yaml`"));
        }

        return [.. files.Distinct(StringComparer.Ordinal)];
    }
}
