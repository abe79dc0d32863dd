using System.Collections;

namespace ControlZero.Server.Hosting.Configuration;

/// <summary>Where a server's settings may come from.</summary>
internal sealed record SettingSources
{
    /// <summary>The file that <c>--config</c> names. Null: <see cref="ServerSettings.StandardFile"/> of the data directory, if it is there.</summary>
    public string? File { get; init; }

    /// <summary>The environment. Default: that of the process.</summary>
    public IDictionary Environment { get; init; } = System.Environment.GetEnvironmentVariables();

    /// <summary>What the command line says.</summary>
    public SettingLayer CommandLine { get; init; } = new();

    /// <summary>What a command says instead of the defaults. Default: nothing.</summary>
    public SettingLayer Standard { get; init; } = new();
}
