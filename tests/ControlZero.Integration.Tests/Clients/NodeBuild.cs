using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Clients;

/// <summary>Makes sure that the Node client is built. <c>tests/run</c> builds it before any test; a single test project run alone may find none.</summary>
internal static class NodeBuild
{
    public static async Task EnsureAsync()
    {
        if (!Directory.Exists(Path.Combine(Repository.NodeClient, "node_modules")))
        {
            (await ChildProcess.RunAsync("npm", ["ci", "--no-audit", "--no-fund"], directory: Repository.NodeClient)).With(exitCode: 0);
        }

        if (!File.Exists(Path.Combine(Repository.NodeClient, "dist", "index.js")))
        {
            (await ChildProcess.RunAsync("npm", ["run", "build"], directory: Repository.NodeClient)).With(exitCode: 0);
        }
    }
}
