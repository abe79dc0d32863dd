using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace ControlZero.Audit.Format.Events;

/// <summary>Cuts the long texts of an event. The digest of each is kept, so that who has the text can show that it was this one.</summary>
internal static class EventShortening
{
    /// <summary>The event with no text longer than that, nor all candidates together.</summary>
    /// <param name="audited">The event.</param>
    /// <param name="limit">Unit: UTF-16 characters.</param>
    public static AuditEvent Shorten(AuditEvent audited, int limit)
    {
        var cut = audited.Cut.ToBuilder();
        return audited with
        {
            RequestId = Text("request_id", audited.RequestId),
            Action = Text("action", audited.Action),
            Resource = Text("resource", audited.Resource),
            DeniedResource = Text("denied_resource", audited.DeniedResource),
            Reason = Text("reason", audited.Reason),
            ReasonCode = Text("reason_code", audited.ReasonCode),
            RuleId = Text("rule_id", audited.RuleId),
            Shadow = audited.Shadow is { } shadow
                ? shadow with { ReasonCode = Text("shadow.reason_code", shadow.ReasonCode), RuleId = Text("shadow.rule_id", shadow.RuleId) }
                : null,
            Reservation = Text("reservation", audited.Reservation),
            Candidates = List("candidates", audited.Candidates),
            Obligations = List("obligations", audited.Obligations),
            Context = Context(),
            Cut = cut.DrainToImmutable(),
        };

        string Text(string field, string text)
        {
            if (text.Length <= limit)
            {
                return text;
            }

            cut.Add(new(field, Digest(text)));
            return text[..(char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit)];
        }

        ImmutableArray<string> List(string field, ImmutableArray<string> items)
        {
            var kept = 0;
            for (var length = 0; kept < items.Length && (length += items[kept].Length) <= limit; kept++)
            {
            }

            if (kept == items.Length)
            {
                return items;
            }

            cut.Add(new(field, Digest(string.Join('\n', items))));
            return items[..kept];
        }

        ImmutableArray<KeyValuePair<string, string>> Context()
        {
            var each = Math.Max(1, limit / Math.Max(1, audited.Context.Length));
            return [.. audited.Context.Select(entry =>
            {
                if (entry.Value.Length <= each)
                {
                    return entry;
                }

                cut.Add(new($"context.{entry.Key}", Digest(entry.Value)));
                return new KeyValuePair<string, string>(entry.Key, entry.Value[..(char.IsHighSurrogate(entry.Value[each - 1]) ? each - 1 : each)]);
            })];
        }
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
