using System.Globalization;
using System.Text;
using System.Text.Json;
using ControlZero.Audit.Format.Events;

namespace ControlZero.Audit.Reading;

/// <summary>Reads what an index needs, and events, out of the lines of a segment.</summary>
public static class LineReader
{
    private static ReadOnlySpan<byte> ModelPrefix => "model/"u8;

    /// <summary>What an index keeps of a line. False: it is no event with a body.</summary>
    /// <param name="line">The line, without its line feed.</param>
    /// <param name="offset">Where it begins in the segment.</param>
    /// <param name="tenant">Before: that of an earlier line, or empty. After: the event's.</param>
    /// <param name="entry">The entry.</param>
    public static bool TryIndex(ReadOnlySpan<byte> line, long offset, ref string tenant, out EventEntry entry) =>
        TryIndex(line, offset, ref tenant, out entry, out _);

    /// <summary>The same, and the agent's name, of which an entry has the hash.</summary>
    internal static bool TryIndex(ReadOnlySpan<byte> line, long offset, ref string tenant, out EventEntry entry, out ReadOnlySpan<byte> agent)
    {
        var plain = new PlainLine(line);
        if (!plain.TryIndex(offset, ref tenant, out entry))
        {
            return TryIndexAny(line, offset, out tenant, out entry, out agent);
        }

        agent = plain.Agent;
        return true;
    }

    /// <summary>The same for a line of whatever JSON.</summary>
    internal static bool TryIndexAny(ReadOnlySpan<byte> line, long offset, out string tenant, out EventEntry entry, out ReadOnlySpan<byte> name)
    {
        tenant = "";
        entry = default;
        name = default;
        var json = new Utf8JsonReader(line);
        long sequence = 0, time = 0;
        ulong decision = 0;
        uint agent = 0, policy = 0, rule = 0, effect = 0, model = 0;
        var isEvent = false;
        try
        {
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                if (json.CurrentDepth == 1)
                {
                    if (json.ValueTextEquals("seq"u8) && json.Read())
                    {
                        sequence = json.GetInt64();
                    }
                    else if (json.ValueTextEquals("kind"u8) && json.Read())
                    {
                        isEvent = json.ValueTextEquals("event"u8);
                    }
                    else if (json.ValueTextEquals("time"u8) && json.Read())
                    {
                        time = json.GetDateTimeOffset().UtcTicks;
                    }
                    else if (json.ValueTextEquals("tenant"u8) && json.Read())
                    {
                        tenant = json.GetString()!;
                    }

                    continue;
                }

                if (json.CurrentDepth != 2)
                {
                    continue;
                }

                if (json.ValueTextEquals("decision_id"u8) && json.Read())
                {
                    decision = EventEntry.HashDecision(json.ValueSpan);
                }
                else if (json.ValueTextEquals("agent"u8) && json.Read())
                {
                    name = json.ValueIsEscaped ? Encoding.UTF8.GetBytes(json.GetString()!) : json.ValueSpan;
                    agent = EventEntry.Hash(name);
                }
                else if (json.ValueTextEquals("resource"u8) && json.Read())
                {
                    model = json.ValueSpan.StartsWith(ModelPrefix) ? Hash(ref json, ModelPrefix.Length) : model;
                }
                else if (json.ValueTextEquals("candidates"u8))
                {
                    model = EventEntry.SeveralModels;
                }
                else if (json.ValueTextEquals("effect"u8) && json.Read())
                {
                    effect = Hash(ref json);
                }
                else if (json.ValueTextEquals("policy"u8) && json.Read())
                {
                    policy = Hash(ref json);
                }
                else if (json.ValueTextEquals("rule_id"u8) && json.Read())
                {
                    rule = Hash(ref json);
                }
            }
        }
        catch (Exception broken) when (broken is JsonException or FormatException or InvalidOperationException)
        {
            return false;
        }

        if (!isEvent || tenant.Length == 0)
        {
            return false;
        }

        entry = new EventEntry
        {
            Offset = offset,
            Length = line.Length,
            Sequence = sequence,
            Time = time,
            Decision = decision,
            Agent = agent,
            Model = model,
            Policy = policy,
            Rule = rule,
            Effect = effect,
        };
        return true;
    }

    /// <summary>The event of a line. Null: it is none, or of another tenant.</summary>
    /// <param name="line">The line, without its line feed.</param>
    /// <param name="tenant">Whose events may be read.</param>
    /// <param name="silo">The silo of the segment.</param>
    /// <param name="sequence">Its sequence.</param>
    public static AuditEvent? TryRead(ReadOnlyMemory<byte> line, string tenant, string silo, out long sequence)
    {
        sequence = 0;
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (!root.TryGetProperty("kind", out var kind) || kind.GetString() != "event" || root.GetProperty("tenant").GetString() != tenant)
            {
                return null;
            }

            sequence = root.GetProperty("seq").GetInt64();
            var time = DateTimeOffset.Parse(
                root.GetProperty("time").GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
            return EventJson.Read(root.GetProperty("event"), tenant, time, silo);
        }
        catch (Exception broken) when (broken is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static uint Hash(ref Utf8JsonReader json, int skip = 0)
    {
        if (!json.ValueIsEscaped)
        {
            return EventEntry.Hash(json.ValueSpan[skip..]);
        }

        return EventEntry.Hash(Encoding.UTF8.GetBytes(json.GetString()!).AsSpan(skip));
    }
}
