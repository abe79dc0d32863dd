namespace ControlZero.Integration.Tests.Processes;

/// <summary>A directory of one test's own, removed with all that is in it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-integration-");

    /// <summary>The directory.</summary>
    public string FullName => _directory.FullName;

    /// <summary>A place for <c>--data</c>; the server makes it.</summary>
    public string Data => At("data");

    /// <summary>A file or folder in it.</summary>
    public string At(params string[] path) => Path.Combine([FullName, .. path]);

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = At(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
