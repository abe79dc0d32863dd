using System.Globalization;
using System.Runtime.InteropServices;

namespace ControlZero.Load.Measuring;

/// <summary>Where the figures are from. Without it they say nothing.</summary>
/// <param name="Processor">Its model, and how many of it.</param>
/// <param name="MemoryGiB">Memory.</param>
/// <param name="Kernel">The operating system.</param>
/// <param name="Runtime">.NET.</param>
/// <param name="LoadAverage">Processes that wanted to run in the minute before: more than the cores, and others disturbed the run.</param>
internal sealed record Machine(string Processor, double MemoryGiB, string Kernel, string Runtime, string LoadAverage)
{
    /// <summary>This machine.</summary>
    public static Machine Read()
    {
        var model = Line("/proc/cpuinfo", "model name");
        var kilobytes = double.Parse(Line("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture);
        return new Machine(
            $"{Environment.ProcessorCount} x {model}",
            Math.Round(kilobytes / 1024 / 1024, 1),
            RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription,
            File.ReadAllText("/proc/loadavg").Split(' ')[0]);
    }

    private static string Line(string file, string name) =>
        File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':', 2)[1].Trim();
}
