using System.Diagnostics;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Tests.Log;

namespace ControlZero.Audit.Tests.Lines;

/// <summary>A process that says whether it hashes with the plain functions: OpenSSL reads its configuration once.</summary>
internal static class HashProcess
{
    public static int Run()
    {
        Console.WriteLine(PlainSha256.IsPlain);
        return 0;
    }

    /// <summary>What such a process says under a configuration of OpenSSL's.</summary>
    public static string Ask(string configuration)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "openssl.cnf");
        File.WriteAllText(path, configuration);
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(HashProcess).Assembly.Location, "hash"])
        {
            RedirectStandardOutput = true,
            Environment = { ["OPENSSL_CONF"] = path },
        })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return said.Trim();
    }
}
