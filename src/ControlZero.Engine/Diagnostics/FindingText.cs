using System.Globalization;
using System.Runtime.CompilerServices;

namespace ControlZero.Engine.Diagnostics;

/// <summary>
/// The words of a finding, put together only when the finding will be listed: a document of the largest size has room for tens of thousands
/// of mistakes, of which <see cref="FindingList.MaxListed"/> are shown. What stands between the braces is not even evaluated for the others.
/// </summary>
[InterpolatedStringHandler]
internal ref struct FindingText
{
    private DefaultInterpolatedStringHandler _words;
    private string? _text;

    /// <summary>Begins a text for a list of findings.</summary>
    public FindingText(int literalLength, int formattedCount, IFindings findings, out bool isListed)
    {
        isListed = findings.HasRoom;
        if (isListed)
        {
            _words = new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
        }
        else
        {
            _text = "";
        }
    }

    private FindingText(string text) => _text = text;

    /// <summary>A text as it stands.</summary>
    public static implicit operator FindingText(string text) => new(text);

    /// <summary>Adds what stands between the braces.</summary>
    public void AppendLiteral(string value) => _words.AppendLiteral(value);

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => _words.AppendFormatted(value);

    /// <summary>The text. Empty: it will not be listed.</summary>
    public override string ToString() => _text ??= _words.ToStringAndClear();
}

/// <summary>Who notes findings.</summary>
internal interface IFindings
{
    /// <summary>False: a further finding is counted and not listed.</summary>
    bool HasRoom { get; }
}
