namespace ControlZero.Server.Hosting;

/// <summary>The server cannot start. The message is one line that says what is wrong and what to do; nothing else is printed.</summary>
internal sealed class StartupException(string message, Exception? cause = null) : Exception(message, cause);
