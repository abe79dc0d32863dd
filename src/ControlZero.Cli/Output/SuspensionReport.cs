using System.CommandLine;
using System.Globalization;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Output;

/// <summary>What suspending and resuming came to.</summary>
internal static class SuspensionReport
{
    /// <summary>Why something is suspended.</summary>
    public static Option<string?> ReasonOption() => new("--reason") { Description = "Why; shown in every deny.", HelpName = "text" };

    public static int WriteSuspended(
        Report report,
        (string Kind, string Id) target,
        Suspension suspension,
        bool unchanged,
        ulong policyEpoch,
        Acknowledgement acknowledgement)
    {
        if (report.IsJson)
        {
            report.Json(new { Suspension = Shapes.Of(suspension), PolicyEpoch = policyEpoch, Unchanged = unchanged, Acknowledgement = Shapes.Of(acknowledgement) });
            return ExitCodes.Ok;
        }

        report.Facts([target, .. FactsOf(suspension), .. Rest(unchanged ? "it was suspended already" : "no decision allows it any more", policyEpoch, acknowledgement)]);
        return ExitCodes.Ok;
    }

    public static int WriteResumed(Report report, (string Kind, string Id) target, bool unchanged, ulong policyEpoch, Acknowledgement acknowledgement)
    {
        if (report.IsJson)
        {
            report.Json(new { PolicyEpoch = policyEpoch, Unchanged = unchanged, Acknowledgement = Shapes.Of(acknowledgement) });
            return ExitCodes.Ok;
        }

        report.Facts([target, .. Rest(unchanged ? "it was not suspended" : "its policies decide again", policyEpoch, acknowledgement)]);
        return ExitCodes.Ok;
    }

    /// <summary>A suspension in words. None: there is none.</summary>
    public static (string Name, string? Value)[] FactsOf(Suspension? suspension) => suspension is null
        ? []
        : [
            ("suspended", $"{Shapes.Instant(suspension.SuspendedAt)} by {suspension.SuspendedBy}"),
            ("reason", suspension.Reason.Length == 0 ? "not said" : suspension.Reason),
        ];

    private static (string Name, string? Value)[] Rest(string outcome, ulong policyEpoch, Acknowledgement acknowledgement) =>
    [
        ("outcome", outcome),
        ("policy epoch", policyEpoch.ToString(CultureInfo.InvariantCulture)),
        .. AcknowledgementFacts.Of(acknowledgement),
    ];
}
