using System.Globalization;
using System.Text;
using ControlZero.Server.Authentication;
using ControlZero.Storage.Embedded;

namespace ControlZero.Server.Hosting;

/// <summary>The directory of a server, mode 0700: its lock, the database if it is embedded and, until somebody removes it, the first key.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    /// <summary>The directory, as a full path.</summary>
    public string Path { get; }

    /// <summary>Where the state of all grains is when the server is embedded.</summary>
    public string DatabasePath => System.IO.Path.Combine(Path, "state.db");

    /// <summary>Where the first key is.</summary>
    public string AdminKeyPath => System.IO.Path.Combine(Path, "admin.key");

    /// <summary>Makes the directory when it is not there and takes its lock, so that no two processes share it.</summary>
    /// <exception cref="StartupException">It cannot be made, written or locked.</exception>
    public static DataDirectory Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            MakePrivate(full);
            var options = Private(FileMode.OpenOrCreate);
            options.Share = FileShare.None;
            var held = new FileStream(System.IO.Path.Combine(full, "lock"), options);
            held.SetLength(0);
            held.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            held.Flush();
            return new DataDirectory(full, held);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StartupException($"`{full}` cannot be written; check its owner and mode, or choose another directory with --data", failure);
        }
        catch (IOException failure) when (failure is DirectoryNotFoundException || !File.Exists(System.IO.Path.Combine(full, "lock")))
        {
            throw new StartupException($"`{full}` cannot be made a directory: {failure.Message.TrimEnd('.')}; choose another with --data", failure);
        }
        catch (IOException failure)
        {
            throw new StartupException($"`{full}` is in use by another server; stop that one, or choose another directory with --data", failure);
        }
    }

    /// <summary>Opens the database of an embedded server, and makes it when it is not there.</summary>
    /// <exception cref="EmbeddedStorageException">It cannot be used.</exception>
    public EmbeddedDatabase OpenDatabase()
    {
        // Made here with mode 0600; the database gives the same to the files it puts beside it.
        try
        {
            new FileStream(DatabasePath, Private(FileMode.OpenOrCreate)).Dispose();
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StartupException($"`{DatabasePath}` cannot be written; check its owner and mode, or choose another directory with --data", failure);
        }

        return EmbeddedDatabase.Open(DatabasePath);
    }

    /// <summary>The first key, or null: the file is not there.</summary>
    /// <exception cref="StartupException">The file holds no key.</exception>
    public ApiKey? ReadAdminKey()
    {
        if (!File.Exists(AdminKeyPath))
        {
            return null;
        }

        return ApiKey.TryParse(File.ReadAllText(AdminKeyPath).Trim(), out var key)
            ? key
            : throw new StartupException($"`{AdminKeyPath}` holds no key; restore it, or remove it and use another key");
    }

    /// <summary>Keeps the first key in a file of mode 0600. Durable when it returns.</summary>
    public ApiKey WriteAdminKey(ApiKey key)
    {
        var unfinished = AdminKeyPath + ".new";
        File.Delete(unfinished);
        using (var file = new FileStream(unfinished, Private(FileMode.CreateNew)))
        {
            file.Write(Encoding.ASCII.GetBytes(key.Text + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, AdminKeyPath);
        return key;
    }

    /// <summary>Removes the first key's file.</summary>
    public void RemoveAdminKey() => File.Delete(AdminKeyPath);

    public void Dispose() => _lock.Dispose();

    private static void MakePrivate(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static FileStreamOptions Private(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
