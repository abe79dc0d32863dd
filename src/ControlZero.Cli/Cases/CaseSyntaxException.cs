namespace ControlZero.Cli.Cases;

/// <summary>A case file says something that no case can say. A misspelt expectation must not pass for one that holds.</summary>
internal sealed class CaseSyntaxException(string message) : Exception(message);
