namespace ControlZero.Audit.Wal;

/// <summary>The disk below the WAL. Tests put one there that forgets what was not flushed.</summary>
internal interface IWalFiles
{
    /// <summary>Names of all files, in no order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Makes a file of zeros, durable with its name, held by us alone.</summary>
    IWalFile Create(string name, long length);

    /// <summary>Takes a file for us alone; null when a living process holds it, or it is gone.</summary>
    IWalFile? TryTake(string name);
}

/// <summary>A file nobody else has open. Reads and writes may be on different threads.</summary>
internal interface IWalFile : IDisposable
{
    string Name { get; }

    /// <summary>Bytes allocated on the disk.</summary>
    long Length { get; }

    int Read(Span<byte> to, long offset);

    void Write(ReadOnlySpan<byte> from, long offset);

    /// <summary>Returns when all that was written is on the disk.</summary>
    void Flush();

    /// <summary>Allocates zeros up to <paramref name="length"/>, durable.</summary>
    void Extend(long length);

    /// <summary>Gives it another name, durable.</summary>
    void Rename(string name);

    /// <summary>Removes it and lets it go.</summary>
    void Delete();
}
