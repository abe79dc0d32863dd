using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using EngineDiagnostic = ControlZero.Engine.Diagnostics.Diagnostic;
using Diagnostic = ControlZero.Protocol.V1.Diagnostic;

namespace ControlZero.Server.Policies;

/// <summary>From policies and findings to their messages.</summary>
internal static class PolicyMapping
{
    public static PolicyVersion ToMessage(this PolicyEntry entry) => new()
    {
        Name = entry.Name.Value,
        Version = entry.Version,
        Description = entry.Description,
        Priority = entry.Priority,
        Enabled = entry.Enabled,
        Mode = entry.Mode.ToWord(),
        RuleCount = entry.RuleCount,
        Digest = entry.Digest,
        PublishedAt = entry.PublishedAt.ToTimestamp(),
        PublishedBy = entry.PublishedBy,
    };

    public static Diagnostic ToMessage(this EngineDiagnostic finding, int document) => new()
    {
        Document = document,
        Line = finding.Line,
        Column = finding.Column,
        Severity = finding.Severity switch
        {
            DiagnosticSeverity.Error => Severity.Error,
            DiagnosticSeverity.Warning => Severity.Warning,
            _ => Severity.Unspecified,
        },
        Code = finding.Code,
        Path = finding.Path,
        Message = finding.Message,
        Remedy = finding.Remedy,
    };

    /// <summary>Says that a draft in shadow was replayed as if it were enforced: in shadow it would change nothing, which is no question.</summary>
    public static Diagnostic ReplayedAsEnforced() => new()
    {
        Severity = Severity.Warning,
        Line = 1,
        Column = 1,
        Code = "SHADOW_AS_ENFORCED",
        Path = "mode",
        Message = "the draft is in shadow, where it changes no answer; it was replayed as if it were enforced",
        Remedy = "nothing need be done; to see what it would change from now on, publish it in shadow and look at the `shadow` of answers and events",
    };

    /// <summary>A fault of a request that does not keep it from being decided.</summary>
    public static Diagnostic ToWarning(FieldFault fault) => new()
    {
        Document = -1,
        Severity = Severity.Warning,
        Code = fault.Code,
        Path = fault.Field,
        Message = fault.Message,
        Remedy = fault.Remedy,
    };
}
