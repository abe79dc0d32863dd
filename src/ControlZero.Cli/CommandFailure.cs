namespace ControlZero.Cli;

/// <summary>A command cannot go on, for a reason the user can do something about.</summary>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="reason">Which failure, in a word, for example <c>FILE_NOT_READABLE</c>.</param>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class CommandFailure(int exitCode, string reason, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public string Reason { get; } = reason;

    /// <summary>A mistake in the arguments.</summary>
    public static CommandFailure Usage(string message) => new(ExitCodes.Usage, "USAGE", message);
}
