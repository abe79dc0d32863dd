using System.Text.Json;
using ControlZero.Cli.Output;
using ControlZero.Client;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace ControlZero.Cli.Commands;

/// <summary>The one place where errors become words and exit codes.</summary>
internal static class ErrorReport
{
    /// <summary>True for errors a user can do something about. Others are mistakes of this program and end it as they are.</summary>
    public static bool Knows(Exception error) =>
        error is CommandFailure or ControlZeroException or OptionsValidationException or OperationCanceledException;

    /// <summary>Says what went wrong and returns the exit code.</summary>
    public static int Write(Report report, Exception error)
    {
        var (exitCode, shape) = Describe(error);
        report.Words($"error: {shape.Message}");
        foreach (var violation in shape.Violations.Where(violation => !shape.Message.Contains(violation.Description, StringComparison.Ordinal)))
        {
            report.Words($"  {violation.Field}: {violation.Description}");
        }

        if (report.IsJson)
        {
            report.Json(new { error = shape });
        }

        return exitCode;
    }

    private static (int ExitCode, ErrorShape Shape) Describe(Exception error) => error switch
    {
        CommandFailure failure => (failure.ExitCode, new ErrorShape("", failure.Reason, failure.Message)),
        ControlZeroException remote => (ExitCodeOf(remote.StatusCode), new ErrorShape(StatusName(remote.StatusCode), remote.Reason, Sentence(remote))
        {
            Metadata = remote.Metadata,
            Violations = [.. remote.Violations.Select(violation => new ViolationShape(violation.Field, violation.Reason, violation.Description))],
        }),
        OptionsValidationException options => (ExitCodes.Usage, new ErrorShape("", "USAGE", string.Join("\n  ", options.Failures))),
        _ => (ExitCodes.Failed, new ErrorShape("CANCELLED", "", "interrupted")),
    };

    private static string Sentence(ControlZeroException error) => error.StatusCode switch
    {
        StatusCode.Unavailable => $"the cluster cannot be reached or cannot answer: {error.Message} (start it, or check `--url`)",
        StatusCode.Unauthenticated => $"{error.Message} (give another key with `CONTROLZERO_API_KEY`, `--key-file` or `--key`)",
        // A shell that was set up for a program holds that program's key.
        StatusCode.PermissionDenied when error.Reason == "SCOPE_REQUIRED" =>
            $"{error.Message} (of `--key`, `--key-file` and `CONTROLZERO_API_KEY` the first that is given counts)",
        StatusCode.InvalidArgument when error.Reason == "FIELD_REQUIRED" && error.Violations is [{ Field: "agent_id" }] =>
            "no agent is named; give `--agent`, set `CONTROLZERO_AGENT_ID`, or use a key that is bound to exactly one agent",
        _ => error.Message,
    };

    private static int ExitCodeOf(StatusCode code) => code switch
    {
        StatusCode.InvalidArgument or StatusCode.Unimplemented => ExitCodes.Usage,
        StatusCode.Unauthenticated or StatusCode.PermissionDenied => ExitCodes.NotPermitted,
        StatusCode.Aborted => ExitCodes.VersionConflict,
        _ => ExitCodes.Failed,
    };

    private static string StatusName(StatusCode code) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(code.ToString());
}

/// <summary>An error as JSON shows it.</summary>
/// <param name="Status">The gRPC status, for example <c>NOT_FOUND</c>. Empty: the cluster was not asked.</param>
/// <param name="Reason">Which error, in a word. Empty: not said.</param>
/// <param name="Message">What is wrong and what to do.</param>
internal sealed record ErrorShape(string Status, string Reason, string Message)
{
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<ViolationShape> Violations { get; init; } = [];
}

/// <summary>A wrong field as JSON shows it.</summary>
internal sealed record ViolationShape(string Field, string Reason, string Description);
