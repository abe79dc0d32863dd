using System.CommandLine;
using ControlZero.Server.Hosting;
using ControlZero.Server.Hosting.Configuration;
using Microsoft.Extensions.Hosting;

namespace ControlZero.Prove;

/// <summary>The real server over an <see cref="UnfencedStorage"/>, as a program of its own.</summary>
internal static class UnfencedServer
{
    private static readonly SettingOptions Settings = new();

    public static Command Build()
    {
        var command = new Command("unfenced-server", "serve without the storage's compare-and-swap");
        foreach (var option in Settings.All)
        {
            command.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Makes a program of it: a cluster starts programs without a command.</summary>
    public static string WriteProgram(string folder)
    {
        Directory.CreateDirectory(folder);
        var program = Path.Combine(folder, "unfenced-server");
        File.WriteAllText(program, $"#!/bin/sh\nexec '{Environment.ProcessPath}' unfenced-server \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return program;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var settings = ServerSettings.Read(Settings.Sources(line));
        await using var host = await ServerHost.StartAsync(settings.Options, cancellationToken, UnfencedStorage.Decorate);
        await Greeting.ShowAsync(host);
        await host.App.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
