using System.Globalization;
using System.Text;

namespace ControlZero.Prove;

/// <summary>What the callers counted of a limit.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Limit">Its units.</param>
/// <param name="Granted">Allows that were received.</param>
/// <param name="OverGranted">Those above the limit.</param>
/// <param name="Stranded">Units that nobody was granted: in blocks of servers that were killed, or charged for answers that were lost.</param>
/// <param name="Used">What a server said last was used.</param>
/// <param name="WithoutDecision">Calls that came to none.</param>
/// <param name="UnavailableMilliseconds">The longest time in which nobody got a decision.</param>
/// <param name="IsExhausted">Whether the last word of a server was that nothing is left.</param>
internal sealed record LimitReport(
    string Name, long Limit, long Granted, long OverGranted, long Stranded, long Used, long WithoutDecision, long UnavailableMilliseconds, bool IsExhausted)
{
    public static LimitReport Of(Count count, long limit) => new(
        count.Name, limit, count.Granted, count.OverGranted, count.Stranded, count.Used, count.Failed, (long)count.Unavailable.TotalMilliseconds, count.IsExhausted);
}

/// <summary>What a run came to.</summary>
internal sealed record ProveReport(string Setup, int Seed, int Kills, int Pauses, IReadOnlyList<LimitReport> Limits, IReadOnlyList<string> Violations)
{
    public ProveReport(ProveOptions options, int kills, int pauses, IReadOnlyList<LimitReport> limits, bool canPause)
        : this(options.Setup, options.Seed, kills, pauses, limits, [.. Judge(kills, pauses, limits, canPause)])
    {
    }

    public string Write()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Setup}, seed {Seed}: {Kills} kills, {Pauses} pauses").AppendLine();
        text.AppendLine("| limit | units | granted | over-granted | stranded | used, says the server | without a decision | unavailable, ms |");
        text.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var limit in Limits)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {limit.Name} | {limit.Limit:N0} | {limit.Granted:N0} | {limit.OverGranted:N0} | {limit.Stranded:N0} | {limit.Used:N0} | {limit.WithoutDecision:N0} | {limit.UnavailableMilliseconds:N0} |");
        }

        text.AppendLine().AppendJoin('\n', Violations.Count == 0 ? ["no promise was broken"] : Violations.Select(violation => $"VIOLATION: {violation}"));
        return text.ToString();
    }

    private static IEnumerable<string> Judge(int kills, int pauses, IReadOnlyList<LimitReport> limits, bool canPause)
    {
        foreach (var limit in limits)
        {
            if (limit.OverGranted > 0)
            {
                yield return $"{limit.Granted} were granted of `{limit.Name}`, {limit.OverGranted} more than there are";
            }

            if (limit.Used < limit.Granted)
            {
                yield return $"{limit.Granted} were granted of `{limit.Name}`, and a server says that {limit.Used} are used";
            }

            if (!limit.IsExhausted)
            {
                yield return $"`{limit.Name}` was not brought to its end: nothing was seen of its edge";
            }
        }

        if (kills == 0 || (canPause && pauses == 0))
        {
            yield return "no server was killed, or none was paused: nothing was proved";
        }
    }
}
