using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlZero.Integration.Tests.Processes;

/// <summary>A page in Prometheus' text format. A line that is not of the format fails the test.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, double> _samples = [];

    public Scrape(string text)
    {
        Text = text;
        foreach (var line in text.Split('\n').Where(line => line.Length > 0 && !Comment().IsMatch(line)))
        {
            var sample = Sample().Match(line);
            Assert.True(sample.Success, $"`{line}` is no sample");
            var labels = Label().Matches(sample.Groups["labels"].Value)
                .Where(label => label.Groups["name"].Value != "otel_scope_name")
                .Select(label => $"{label.Groups["name"].Value}={label.Groups["value"].Value}")
                .Order(StringComparer.Ordinal);
            var added = _samples.TryAdd(
                $"{sample.Groups["name"].Value}{{{string.Join(',', labels)}}}",
                double.Parse(sample.Groups["value"].Value.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));
            Assert.True(added, $"`{line}` is there twice");
        }
    }

    /// <summary>The page.</summary>
    public string Text { get; }

    /// <summary>Names of all samples.</summary>
    public IEnumerable<string> Names => _samples.Keys.Select(key => key[..key.IndexOf('{', StringComparison.Ordinal)]).Distinct();

    /// <summary>All samples of that name, as <c>label=value,label=value: number</c>.</summary>
    public string[] Of(string name) =>
        [.. _samples.Where(sample => sample.Key.StartsWith($"{name}{{", StringComparison.Ordinal))
            .Select(sample => string.Create(CultureInfo.InvariantCulture, $"{sample.Key[(name.Length + 1)..^1]}: {sample.Value}"))
            .Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^# (HELP|TYPE|UNIT) [a-zA-Z_:][a-zA-Z0-9_:]* .*$|^# EOF$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>([a-zA-Z_][a-zA-Z0-9_]*=""([^""\\]|\\.)*"",?)*)\})? (?<value>[-+0-9.eE]+|NaN|[-+]?Inf)( [0-9]+)?$")]
    private static partial Regex Sample();

    [GeneratedRegex(@"(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=""(?<value>([^""\\]|\\.)*)""")]
    private static partial Regex Label();
}
