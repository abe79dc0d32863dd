using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlZero.Load.Generation;

/// <summary>The witness: nghttp2's generator, which knows nothing of ours. It sends one body only, so it asks for one agent.</summary>
internal static partial class H2Load
{
    /// <summary>True when the program is installed.</summary>
    public static bool IsInstalled => File.Exists("/usr/bin/h2load");

    /// <summary>Runs it on the first body of the calls, for whole seconds: it takes no others.</summary>
    public static async Task<LoadResult> RunAsync(ClosedLoop load, CallSet calls, TimeSpan duration, CancellationToken cancellationToken)
    {
        var body = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(body, calls.Bodies.Span[0], cancellationToken);
            var start = new ProcessStartInfo("/usr/bin/h2load")
            {
                RedirectStandardOutput = true,
                ArgumentList =
                {
                    "-c", Text(load.Connections), "-m", Text(load.PerConnection), "-t", "1", "-D", Text(Math.Ceiling(duration.TotalSeconds)), "-d", body,
                    "-H", "content-type: application/grpc", "-H", "te: trailers", "-H", $"authorization: Bearer {calls.Key ?? "none"}",
                    $"http://{calls.Server}{calls.Path}",
                },
            };
            using var process = Process.Start(start)!;
            await using var _ = cancellationToken.Register(process.Kill);
            return Read(await process.StandardOutput.ReadToEndAsync(cancellationToken));
        }
        finally
        {
            File.Delete(body);
        }
    }

    private static LoadResult Read(string output)
    {
        if (Finished().Match(output) is not { Success: true } finished || Requests().Match(output) is not { Success: true } requests)
        {
            throw new LoadException($"h2load said something else than expected:\n{output}");
        }

        // It counts calls by HTTP status and cannot see the gRPC status: the body was checked before by a real client.
        return Number(requests, "failed") > 0
            ? throw new LoadException($"h2load counts failed calls:\n{output}")
            : new LoadResult((long)Number(requests, "done"), TimeSpan.FromSeconds(Number(finished, "seconds")), new LatencyHistogram());
    }

    private static double Number(Match match, string name) => double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"finished in (?<seconds>[\d.]+)s,")]
    private static partial Regex Finished();

    [GeneratedRegex(@"requests: .* (?<done>\d+) succeeded, (?<failed>\d+) failed")]
    private static partial Regex Requests();
}
