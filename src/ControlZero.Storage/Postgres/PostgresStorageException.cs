namespace ControlZero.Storage.Postgres;

/// <summary>The PostgreSQL database cannot be used as it is. The message says what is wrong and what to do, one finding a line.</summary>
public sealed class PostgresStorageException : Exception
{
    /// <summary>Creates one.</summary>
    public PostgresStorageException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
