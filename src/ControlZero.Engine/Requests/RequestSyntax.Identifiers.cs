using System.Buffers;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Requests;

public static partial class RequestSyntax
{
    private static readonly SearchValues<char> IdStart = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");
    private static readonly SearchValues<char> AgentIdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._:@-");
    private static readonly SearchValues<char> TenantIdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Checks an agent id: <c>[a-z0-9][a-z0-9._:@-]{0,127}</c>. The remedy offers the corrected spelling.</summary>
    public static FieldFault? CheckAgentId(string agentId) =>
        CheckId("agent_id", agentId, AgentIdCharacters, "[a-z0-9][a-z0-9._:@-]{0,127}", Limits.AgentIdMaxLength);

    /// <summary>Checks a tenant id: <c>[a-z0-9][a-z0-9-]{0,62}</c>. The remedy offers the corrected spelling.</summary>
    public static FieldFault? CheckTenantId(string tenantId) =>
        CheckId("tenant_id", tenantId, TenantIdCharacters, "[a-z0-9][a-z0-9-]{0,62}", Limits.TenantIdMaxLength);

    /// <summary>Checks a request id: 1 to 255 bytes of printable ASCII. An absent one is not checked; the server makes one.</summary>
    public static FieldFault? CheckRequestId(string requestId)
    {
        const string field = "request_id";
        if (requestId.Length == 0)
        {
            return Required(field, "leave it out, and the server makes one");
        }

        if (CheckBytes(field, FaultCodes.RequestIdTooLong, requestId, Limits.RequestIdMaxBytes) is { } fault)
        {
            return fault;
        }

        var index = requestId.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        return index < 0
            ? null
            : new(field, FaultCodes.RequestIdSyntax,
                $"{field} {Quoted.Text(requestId)} has the character {VisibleText.CodePointAt(requestId, index)} at position {index}", "use printable ASCII");
    }

    /// <summary>Checks a glob over agent ids: 1 to 256 characters (UTF-16), trimmed, well-formed.</summary>
    public static FieldFault? CheckAgentPattern(string pattern)
    {
        const string field = "agents";
        if (pattern.Length == 0)
        {
            return new(field, FaultCodes.PatternSyntax, "a pattern over agent ids is empty", "use `*` for all agents");
        }

        if (pattern.Length > Limits.PatternMaxLength)
        {
            return TooLong(field, FaultCodes.PatternSyntax, pattern, pattern.Length, Limits.PatternMaxLength, "characters");
        }

        if (pattern.AsSpan().Trim().Length != pattern.Length)
        {
            return new(field, FaultCodes.PatternSyntax, $"the pattern {Quoted.Text(pattern)} begins or ends with white space", $"use {Quoted.Text(pattern.AsSpan().Trim())}");
        }

        return Glob.TryParse(pattern, out _, out var error)
            ? null
            : new(field, FaultCodes.PatternSyntax, $"the pattern {Quoted.Text(pattern)} is broken: {error}", "close every class, and write a literal `[` as `[[]`");
    }

    private static FieldFault? CheckId(string field, string id, SearchValues<char> allowed, string grammar, int limit)
    {
        if (id.Length == 0)
        {
            return Required(field, $"give one that matches `{grammar}`");
        }

        if (id.Length > limit)
        {
            return TooLong(field, FaultCodes.IdTooLong, id, id.Length, limit, "characters");
        }

        if (IsId(id, allowed))
        {
            return null;
        }

        var corrected = Corrected(id, allowed);
        var remedy = IsId(corrected, allowed) ? $"use `{corrected}`, if that is what is meant" : "use another id";
        return new(field, FaultCodes.IdSyntax, $"{field} {Quoted.Text(id)} does not match `{grammar}`", remedy);
    }

    private static bool IsId(ReadOnlySpan<char> id, SearchValues<char> allowed) =>
        !id.IsEmpty && IdStart.Contains(id[0]) && !id.ContainsAnyExcept(allowed);

    // Folds ASCII case, trims, and puts a hyphen for everything else, so that the author sees one id that would do.
    private static string Corrected(string id, SearchValues<char> allowed)
    {
        var corrected = id.Trim().ToCharArray();
        for (var index = 0; index < corrected.Length; index++)
        {
            var character = char.IsAsciiLetterUpper(corrected[index]) ? (char)(corrected[index] | 0x20) : corrected[index];
            corrected[index] = allowed.Contains(character) ? character : '-';
        }

        var start = corrected.AsSpan().IndexOfAny(IdStart);
        return start < 0 ? "" : corrected.AsSpan(start).TrimEnd('-').ToString();
    }
}
