using System.Buffers;
using ControlZero.Client.AI.Enforcement;

namespace ControlZero.Client.AI.Pipelines;

/// <summary>Reads an answer along as it passes, and ends its call with what it says of itself.</summary>
internal sealed class AnswerReader
{
    /// <summary>The longest answer that is no stream of events and is read for its usage. Unit: bytes.</summary>
    private const int LongestAnswer = 16 << 20;

    private readonly ReservedCall _call;
    private readonly bool _embeds;
    private readonly EventReader? _events;
    private readonly ArrayBufferWriter<byte> _whole = new();
    private bool _hasEnded;

    /// <param name="call">The call.</param>
    /// <param name="isEvents">Whether the answer is a stream of events.</param>
    /// <param name="embeds">Whether it answers an embedding request.</param>
    public AnswerReader(ReservedCall call, bool isEvents, bool embeds)
    {
        (_call, _embeds) = (call, embeds);
        _events = isEvents ? new EventReader(See) : null;
    }

    /// <summary>Takes a piece.</summary>
    public void Pass(ReadOnlySpan<byte> piece)
    {
        if (_events is not null)
        {
            _events.Pass(piece);
        }
        else if (_whole.WrittenCount + piece.Length <= LongestAnswer)
        {
            _whole.Write(piece);
        }
    }

    /// <summary>The answer has ended, or is read no further.</summary>
    public void End()
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        if (_events is not null)
        {
            _events.End();
        }
        else
        {
            See(_whole.WrittenMemory);
        }

        _call.End();
    }

    private void See(ReadOnlyMemory<byte> json)
    {
        var report = AnswerReport.Read(json, _embeds);
        _call.SeeReport(report.Usage, report.Model);
    }
}
