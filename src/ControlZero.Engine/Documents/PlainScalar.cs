using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlZero.Engine.Documents;

/// <summary>
/// What a YAML scalar without quotes means: the core schema of YAML 1.2. Where YAML 1.1 would read something else (<c>no</c>, <c>012</c>,
/// <c>1_000</c>), the meaning is left open and the author is asked to quote it.
/// </summary>
internal static partial class PlainScalar
{
    /// <summary>Fills in the kind and the value of a node from a scalar as it was written. False: a number too large to be held.</summary>
    public static bool TryResolve(string text, DocumentNode node)
    {
        node.Text = text;
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                node.Kind = NodeKind.Null;
                return true;
            case "true" or "True" or "TRUE" or "false" or "False" or "FALSE":
                node.Kind = NodeKind.Boolean;
                node.Boolean = text[0] is 't' or 'T';
                return true;
        }

        if (Ambiguous().IsMatch(text))
        {
            node.Kind = NodeKind.Ambiguous;
            return true;
        }

        if (!Number().IsMatch(text))
        {
            node.Kind = NodeKind.Text;
            return true;
        }

        node.Kind = NodeKind.Number;
        node.Number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(node.Number);
    }

    [GeneratedRegex(@"\A[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(
        @"\A((y|n|yes|no|on|off)|[-+]?(0[0-9]+|0[xob][0-9a-f_]+|[0-9]+_[0-9_]*|\.inf)|\.nan)\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Ambiguous();
}
