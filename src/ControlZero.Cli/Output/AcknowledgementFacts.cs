using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Output;

/// <summary>Who follows a change, in words.</summary>
internal static class AcknowledgementFacts
{
    /// <summary>The lines to show below what changed. None: the cluster did not say.</summary>
    public static (string Name, string? Value)[] Of(Acknowledgement? acknowledgement)
    {
        if (acknowledgement is null)
        {
            return [];
        }

        var enforcedBy = ("enforced by", Shapes.Instant(acknowledgement.EnforcedBy));
        return acknowledgement.PendingSilos.Count == 0
            ? [("acknowledged", string.Join(" ", acknowledgement.AcknowledgedSilos)), enforcedBy]
            : [
                ("acknowledged", string.Join(" ", acknowledgement.AcknowledgedSilos)),
                ("not yet", string.Join(" ", acknowledgement.PendingSilos)),
                enforcedBy,
            ];
    }
}
