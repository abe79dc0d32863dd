using System.Text.RegularExpressions;

namespace ControlZero.Architecture.Tests;

/// <summary>What no compiler checks and a reviewer should not have to.</summary>
public sealed partial class HouseTests
{
    private static readonly string[] Root =
    [
        ".ci", ".dockerignore", ".editorconfig", ".gitattributes", ".gitignore", "BannedSymbols.Library.txt", "BannedSymbols.txt", "ControlZero.Cluster.sln",
        "Directory.Build.props", "Directory.Packages.props", "Dockerfile", "LICENSE", "README.md", "deploy", "global.json", "protos", "src", "tests",
    ];

    // Not the project's: what git, builds and runs leave there.
    private static readonly string[] Passing = [".git", "artifacts", "data", ".vs", ".idea", ".vscode"];

    private static IEnumerable<string> Sources =>
        new[] { "src", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".ts" or ".mjs")
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "node_modules" or "dist" or "gen" or "obj" or "bin"));

    [Fact]
    public void Root_HoldsOnlyWhatBelongsThere()
    {
        var found = Directory.EnumerateFileSystemEntries(Repository.Root).Select(entry => Path.GetFileName(entry)!);

        Assert.Empty(found.Except(Root).Except(Passing));
    }

    [Fact]
    public void EveryProject_HasAReadme()
    {
        var projects = Directory.GetDirectories(Path.Combine(Repository.Root, "src"));

        Assert.Empty(projects.Where(project => !File.Exists(Path.Combine(project, "README.md"))).Select(Path.GetFileName));
    }

    [Fact]
    public void EverySourceFile_CanBeReadInOneSitting()
    {
        var long_ = Sources.Where(file => File.ReadLines(file).Count() > 400);

        Assert.Empty(long_.Select(file => Path.GetRelativePath(Repository.Root, file)));
    }

    [Fact]
    public void NoSource_HoldsWhatWasLeftUndone()
    {
        var found = Sources
            .Where(file => Path.GetFileName(file) != "HouseTests.cs")
            .Where(file => Undone().IsMatch(File.ReadAllText(file)));

        Assert.Empty(found.Select(file => Path.GetRelativePath(Repository.Root, file)));
    }

    [Fact]
    public void NoLockFile_NamesARegistry()
    {
        var locks = new[] { "src", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*lock*.json", SearchOption.AllDirectories))
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal));

        Assert.DoesNotContain(locks, file => File.ReadAllText(file).Contains("\"resolved\": \"http", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException|#region|@ts-ignore|\bas any\b|\.skip\(|\bSkip ?= ?""")]
    private static partial Regex Undone();
}
