using System.Collections.Frozen;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Server.Telemetry;

/// <summary>
/// The series that decisions are counted in, one for each effect and reason code. There is a fixed number of them, and their tags are made
/// beforehand, so that counting a decision makes nothing.
/// </summary>
internal static class DecisionSeries
{
    private static readonly Effect[] Effects = Enum.GetValues<Effect>();

    private static readonly string[] Words = [.. Effects.Select(effect => effect.ToWord())];

    // The last place stands for every code that a policy made up.
    private static readonly string[] Codes = [.. ReasonCodes.Reserved.Order(StringComparer.Ordinal), TelemetryNames.Custom];

    private static readonly FrozenDictionary<string, int> Places =
        Codes.Select((code, place) => KeyValuePair.Create(code, place)).Where(entry => entry.Key != TelemetryNames.Custom).ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly KeyValuePair<string, object?>[][] AllTags =
        [.. Effects.SelectMany(effect => Codes.Select(code => Tags(effect, code)))];

    /// <summary>How many there are.</summary>
    public static int Count => AllTags.Length;

    /// <summary>The series of a decision.</summary>
    public static int Of(Effect effect, string reasonCode) => Of((int)effect, reasonCode);

    /// <summary>The series of an answer, whose effect is spelled as callers read it.</summary>
    public static int Of(string effect, string reasonCode) => Of(Array.IndexOf(Words, effect), reasonCode);

    private static int Of(int effect, string reasonCode)
    {
        var place = Places.TryGetValue(reasonCode, out var known) ? known : Codes.Length - 1;
        return ((uint)effect < (uint)Effects.Length ? effect : 0) * Codes.Length + place;
    }

    /// <summary>The tags of a series.</summary>
    public static KeyValuePair<string, object?>[] TagsOf(int series) => AllTags[series];

    private static KeyValuePair<string, object?>[] Tags(Effect effect, string code) =>
        [new(TelemetryNames.Effect, effect.ToWord()), new(TelemetryNames.ReasonCode, code)];
}
