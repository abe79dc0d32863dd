namespace ControlZero.Server.Hosting;

/// <summary>The server cannot start. Each fault is one line that says what is wrong and what to do; nothing else is printed.</summary>
internal sealed class StartupException : Exception
{
    public StartupException(string message, Exception? cause = null)
        : base(message, cause) => Faults = [message];

    public StartupException(IReadOnlyList<string> faults)
        : base(string.Join("; ", faults)) => Faults = faults;

    /// <summary>What is wrong, a line each.</summary>
    public IReadOnlyList<string> Faults { get; }
}
