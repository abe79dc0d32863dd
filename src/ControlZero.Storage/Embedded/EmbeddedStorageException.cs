namespace ControlZero.Storage.Embedded;

/// <summary>The embedded database cannot be used. The message says in one line what is wrong and what to do.</summary>
public sealed class EmbeddedStorageException : Exception
{
    /// <summary>Creates one.</summary>
    public EmbeddedStorageException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
