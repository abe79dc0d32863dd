using System.Buffers.Text;
using System.Text;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Reading;

/// <summary>
/// Takes what an index needs out of an event's line, by the order in which <see cref="Format.Events.EventJson"/> writes its members. Every segment is read once
/// for its index, and a JSON reader took as long for it as all the rest of an event's way. A line that is not as expected is left to one.
/// </summary>
/// <param name="line">The line, without its line feed.</param>
internal ref struct PlainLine(ReadOnlySpan<byte> line)
{
    private readonly ReadOnlySpan<byte> _line = line;
    private int _at;

    /// <summary>The agent of the line that was taken, as it is written: without escapes.</summary>
    public ReadOnlySpan<byte> Agent { get; private set; }

    private static ReadOnlySpan<byte> ModelPrefix => "model/"u8;

    /// <summary>Takes it. False: the line is not as expected, which says nothing of what it is.</summary>
    /// <param name="offset">Where the line begins in the segment.</param>
    /// <param name="tenant">Before: that of an earlier line, or empty. After: the event's.</param>
    /// <param name="entry">The entry.</param>
    public bool TryIndex(long offset, ref string tenant, out EventEntry entry)
    {
        entry = default;
        uint policy = 0, effect = 0;
        ReadOnlySpan<byte> agent = default;
        _at = Math.Min(ChainedLine.FullContentAt, _line.Length);
        if (!TryTake("\"seq\":"u8) || !TryTakeNumber(out var sequence)
            || !TryTake(",\"kind\":\"event\",\"time\":\""u8) || !TryTakeTime(out var time)
            || !TryTake(",\"tenant\":\""u8) || !TryTakeText(out var owner) || owner.IsEmpty
            || !TryTake(",\"event\":{\"kind\":\""u8) || !TryTakeText(out _)
            || !TryTake(",\"decision_id\":\""u8) || !TryTakeText(out var decision)
            || !TryTake(",\"agent\":\""u8) || !TryTakeText(out agent)
            || !TryTake(",\"request_id\":\""u8) || !TrySkipText()
            || !TryTake(",\"action\":\""u8) || !TrySkipText()
            || !TryTakeModel(out var model)
            || (TryTake(",\"denied_resource\":\""u8) && !TrySkipText())
            || (TryTake(",\"context_sha256\":\""u8) && !TrySkipText())
            || ((TryTake(",\"decision\":\"allow\",\"effect\":\""u8) || TryTake(",\"decision\":\"deny\",\"effect\":\""u8)) && !TryTakeHash(out effect))
            || !TryTake(",\"reason_code\":\""u8) || !TrySkipText()
            || (TryTake(",\"reason\":\""u8) && !TrySkipText())
            || (TryTake(",\"policy\":\""u8) && !TryTakeHash(out policy))
            || (TryTake(",\"policy_version\":"u8) && !TryTakeNumber(out _))
            || !TryTake(",\"policy_epoch\":"u8) || !TryTakeNumber(out _)
            || !TryTake(",\"rule_id\":\""u8) || !TryTakeHash(out var rule)
            || !_line.EndsWith("}}"u8))
        {
            return false;
        }

        Agent = agent;
        tenant = Ascii.Equals(owner, tenant) ? tenant : Encoding.ASCII.GetString(owner);
        entry = new EventEntry
        {
            Offset = offset,
            Length = _line.Length,
            Sequence = sequence,
            Time = time,
            Decision = EventEntry.HashDecision(decision),
            Agent = EventEntry.Hash(agent),
            Model = model,
            Policy = policy,
            Rule = rule,
            Effect = effect,
        };
        return true;
    }

    // Candidates, and context that is kept as text, stand where nothing is expected: a JSON reader sees to them.
    private bool TryTakeModel(out uint model)
    {
        model = 0;
        if (!TryTake(",\"resource\":\""u8))
        {
            return true;
        }

        if (!TryTakeText(out var resource))
        {
            return false;
        }

        model = resource.StartsWith(ModelPrefix) ? EventEntry.Hash(resource[ModelPrefix.Length..]) : 0;
        return true;
    }

    private bool TryTake(ReadOnlySpan<byte> expected)
    {
        if (!_line[_at..].StartsWith(expected))
        {
            return false;
        }

        _at += expected.Length;
        return true;
    }

    private bool TryTakeHash(out uint hash)
    {
        var isText = TryTakeText(out var text);
        hash = isText ? EventEntry.Hash(text) : 0;
        return isText;
    }

    private bool TryTakeNumber(out long number)
    {
        var isNumber = Utf8Parser.TryParse(_line[_at..], out number, out var used);
        _at += used;
        return isNumber;
    }

    private bool TryTakeTime(out long ticks)
    {
        ticks = 0;
        if (!TryTakeText(out var text) || !Utf8Parser.TryParse(text, out DateTimeOffset moment, out var used, 'O') || used != text.Length)
        {
            return false;
        }

        ticks = moment.UtcTicks;
        return true;
    }

    // Up to its quote. What has an escape is left to a JSON reader.
    private bool TryTakeText(out ReadOnlySpan<byte> text)
    {
        var length = _line[_at..].IndexOfAny((byte)'"', (byte)'\\');
        text = length < 0 ? default : _line.Slice(_at, length);
        _at += length + 1;
        return length >= 0 && _line[_at - 1] == '"';
    }

    // A text that an index does not need may have escapes: what is escaped is no end, whatever it is.
    private bool TrySkipText()
    {
        while (_line[_at..].IndexOfAny((byte)'"', (byte)'\\') is var length and >= 0)
        {
            _at += length + 1;
            if (_line[_at - 1] == '"')
            {
                return true;
            }

            _at = Math.Min(_at + 1, _line.Length);
        }

        return false;
    }
}
