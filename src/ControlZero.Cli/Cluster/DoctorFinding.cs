using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Cluster;

/// <summary>One thing that differs from production advice.</summary>
/// <param name="Id">What it is about. Stable.</param>
/// <param name="Severity"><c>error</c> or <c>warning</c>.</param>
/// <param name="Finding">What was found.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Side">Who found it: <c>server</c>, or <c>client</c>, this command.</param>
internal sealed record DoctorFinding(string Id, string Severity, string Finding, string Remedy, string Side)
{
    public const string Error = "error";
    public const string Warning = "warning";

    /// <summary>What the server found. Anything but a warning is an error.</summary>
    public static DoctorFinding Of(Advice advice) =>
        new(advice.Id, advice.Severity == AdviceSeverity.Warning ? Warning : Error, advice.Finding, advice.Remedy, "server");

    /// <summary>What this command found.</summary>
    public static DoctorFinding OfClient(string id, string severity, string finding, string remedy) => new(id, severity, finding, remedy, "client");
}
