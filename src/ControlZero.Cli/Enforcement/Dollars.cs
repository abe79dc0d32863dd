using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ControlZero.Cli.Enforcement;

/// <summary>Prices as people write them, <c>0.02</c> or <c>$0.02</c>, as the nano-dollars the cluster counts.</summary>
internal static class Dollars
{
    private const decimal Nanos = 1_000_000_000;
    private const decimal Most = 1000;

    /// <summary>An option that takes a price.</summary>
    public static Option<long?> Option(string name, string description) => new(name)
    {
        Description = $"{description} In dollars, at most 9 decimals.",
        HelpName = "dollars",
        CustomParser = Parse,
    };

    private static long? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        var digits = text.StartsWith('$') ? text[1..] : text;
        if (decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars)
            && dollars <= Most
            && decimal.IsInteger(dollars * Nanos))
        {
            return (long)(dollars * Nanos);
        }

        result.AddError($"`{text}` is no price; write dollars, 0 to {Most} with at most 9 decimals, for example `0.02`");
        return null;
    }
}
