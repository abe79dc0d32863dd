namespace ControlZero.Cli;

/// <summary>What a command is given of the outside world. A test hands in its own.</summary>
internal sealed record CliHost
{
    /// <summary>What <c>-</c> reads.</summary>
    public required TextReader In { get; init; }

    /// <summary>Where data goes.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where words go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether <see cref="Out"/> is a terminal: only then are there colours.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal: only then is progress shown.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Reads a variable of the environment; null: it is not set.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>Where relative paths begin.</summary>
    public required string Directory { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The process as it was started.</summary>
    public static CliHost OfProcess() => new()
    {
        In = Console.In,
        Out = Console.Out,
        Error = Console.Error,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Environment = System.Environment.GetEnvironmentVariable,
        Directory = System.Environment.CurrentDirectory,
    };
}
