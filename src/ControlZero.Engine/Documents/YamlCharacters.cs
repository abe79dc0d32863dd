using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Documents;

/// <summary>
/// The characters a YAML text may hold as they are. YAML's own set, less the line breaks that most editors do not show as such: with one
/// of those in a comment, what follows reads as a remark and counts as a rule.
/// </summary>
internal static class YamlCharacters
{
    /// <summary>Finds the first character that must not stand in a YAML text.</summary>
    public static bool TryFindForbidden(string text, out int line, out int column, out string name)
    {
        (line, column, name) = (1, 1, "");
        var loneSurrogate = VisibleText.IndexOfLoneSurrogate(text);
        for (var index = 0; index < text.Length; index++)
        {
            if (index == loneSurrogate || IsForbidden(text[index]))
            {
                name = VisibleText.CodePointAt(text, index);
                return true;
            }

            var ends = text[index] == '\n' || (text[index] == '\r' && (index + 1 == text.Length || text[index + 1] != '\n'));
            (line, column) = ends ? (line + 1, 1) : (line, column + 1);
        }

        return false;
    }

    private static bool IsForbidden(char character) => character switch
    {
        '\t' or '\n' or '\r' => false,
        < ' ' or (>= '\u007f' and <= '\u009f') => true,
        '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff' => true,
        _ => false,
    };
}
