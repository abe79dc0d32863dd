namespace ControlZero.Audit.Tests.Log;

/// <summary>A folder of a test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cz-audit-").FullName;

    public string Wal => System.IO.Path.Combine(Path, "wal");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
