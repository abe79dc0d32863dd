namespace ControlZero.Integration.Tests.Processes;

/// <summary>Where things are, found from where this assembly is: <c>artifacts/bin/PROJECT/CONFIGURATION</c>.</summary>
internal static class Repository
{
    private static readonly DirectoryInfo Here = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    /// <summary>The top of the repository.</summary>
    public static string Root { get; } = Here.Parent!.Parent!.Parent!.Parent!.FullName;

    /// <summary>The server of the configuration this test run was built in.</summary>
    public static string Server => Program("ControlZero.Server", "ControlZero.Server");

    /// <summary>The command line of the same configuration.</summary>
    public static string Cli => Program("ControlZero.Cli", "cz");

    /// <summary>The Node client.</summary>
    public static string NodeClient => Path.Combine(Root, "src", "client-node");

    /// <summary>A file or folder of the repository.</summary>
    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    private static string Program(string project, string name) => At("artifacts", "bin", project, Here.Name, name);
}
