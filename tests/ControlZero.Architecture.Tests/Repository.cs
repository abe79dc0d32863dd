namespace ControlZero.Architecture.Tests;

/// <summary>The checkout the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string from)
    {
        for (var at = new DirectoryInfo(from); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "ControlZero.Cluster.sln")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException($"no ControlZero.Cluster.sln above {from}");
    }
}
