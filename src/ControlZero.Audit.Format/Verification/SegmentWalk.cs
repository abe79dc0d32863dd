using System.Buffers.Text;
using System.Text;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Format.Verification;

/// <summary>One segment, line by line: from the head of the chain before it to the one after.</summary>
internal sealed class SegmentWalk(string file, SegmentId id, GenerationBook? book, VerifyOptions options, Findings findings)
{
    private readonly bool _mayBeReduced = options.ExportOf is not null || book?.Reduced.Contains(id.Number) == true;
    private long _line;
    private SegmentHeader _header;
    private ChainHash _headerHash;
    private bool _isResuming;

    /// <summary>Sequence of the last record.</summary>
    public long Last { get; private set; }

    /// <summary>Hash of the last record.</summary>
    public ChainHash Head { get; private set; }

    /// <summary>Hash of the end line; null when the segment has none.</summary>
    public ChainHash? End { get; private set; }

    public long First => _header.First;

    public long Records { get; private set; }

    public long Reduced { get; private set; }

    public long Lost { get; private set; }

    /// <summary>Begins where the generation's last segment ended.</summary>
    public void Begin(long last, ChainHash head) => (Last, Head) = (last, head);

    public void Visit(ReadOnlySpan<byte> bytes, bool isWhole)
    {
        _line++;
        if (!isWhole && book?.Sealed.ContainsKey(id.Number) != true && End is null)
        {
            // An open segment that is being written. What the ledger covers is missed at the end.
            return;
        }

        if (End is not null)
        {
            findings.Add(file, _line, FindingCode.ChainBroken, "follows the segment's end line");
        }
        else if (!isWhole || !ChainedLine.TryParse(bytes, out var line))
        {
            findings.Add(file, _line, FindingCode.LineChanged, isWhole ? "is no line of a log" : "is cut off", Last + 1);
            _isResuming = true;
            Last++;
        }
        else if (!line.IsIntact)
        {
            findings.Add(file, _line, FindingCode.LineChanged, "was changed: its hash differs", Last + 1);
            _isResuming = true;
            Last++;
        }
        else if (_line == 1)
        {
            Header(line);
        }
        else if (line.Content.StartsWith("\"kind\":\"end\","u8))
        {
            EndOf(line, bytes);
        }
        else
        {
            Record(line);
        }
    }

    private void Header(ChainedLine line)
    {
        if (line.IsReduced || !SegmentHeader.TryParse(line.Content, out _header))
        {
            findings.Add(file, _line, FindingCode.LineChanged, "should be the segment's first line and is another");
            return;
        }

        _headerHash = line.Hash;
        if (_header.Id != id)
        {
            findings.Add(file, _line, FindingCode.SegmentChanged, $"is the first line of segment {_header.Id}: the file was renamed or replaced");
        }

        var path = _header.Id.PathAt(_header.Created);
        if (file != path && file != path + SegmentId.OpenSuffix)
        {
            findings.Add(file, _line, FindingCode.SegmentChanged, $"belongs to `{path}`");
        }

        if (_header.First != Last + 1 || line.Previous != Head)
        {
            if (options.ExportOf is null)
            {
                findings.Add(file, _line, FindingCode.ChainBroken, _header.First > Last + 1
                    ? $"records {Last + 1} to {_header.First - 1} are missing before it"
                    : $"begins with record {_header.First} on a chain that is at record {Last}: segments were changed, repeated or exchanged");
            }

            (Last, Head) = (_header.First - 1, line.Previous);
        }
    }

    private void Record(ChainedLine line)
    {
        if (line.Previous != Head && !_isResuming)
        {
            findings.Add(file, _line, FindingCode.ChainBroken, "does not follow the line before it: lines were removed, inserted or moved", line.Sequence);
        }
        else if (line.Sequence != Last + 1)
        {
            findings.Add(file, _line, FindingCode.ChainBroken, $"is record {line.Sequence}, where {Last + 1} should be", line.Sequence);
        }

        (Last, Head, _isResuming) = (line.Sequence, line.Hash, false);
        Records++;
        if (line.IsReduced)
        {
            Reduced++;
            if (!_mayBeReduced)
            {
                findings.Add(file, _line, FindingCode.BodyDropped, $"the body of record {Last} was dropped, which the ledger does not say", Last);
            }
        }
        else
        {
            Content(line.Content);
        }

        if (book is not null && book.Heads.TryGetValue(Last, out var head) && head != line.Hash)
        {
            findings.Add(file, _line, FindingCode.SegmentChanged, $"record {Last} has another hash than the ledger says: the segment was written anew", Last);
        }
    }

    private void Content(ReadOnlySpan<byte> content)
    {
        if (EventContent.TryReadTenant(content, out var tenant))
        {
            if (options.ExportOf is { } owner && !Ascii.Equals(tenant, owner))
            {
                findings.Add(file, _line, FindingCode.ForeignEvent, $"is an event of tenant `{Encoding.UTF8.GetString(tenant)}` in an export of `{owner}`", Last);
            }
        }
        else if (content[(content.IndexOf((byte)',') + 1)..].StartsWith("\"kind\":\"gap\","u8))
        {
            var count = content[(content.LastIndexOf((byte)':') + 1)..];
            Lost = Utf8Parser.TryParse(count, out long lost, out _) && lost >= 0 && Lost >= 0 ? Lost + lost : -1;
        }
        else
        {
            findings.Add(file, _line, FindingCode.LineChanged, "is neither event nor gap", Last);
        }
    }

    private void EndOf(ChainedLine line, ReadOnlySpan<byte> bytes)
    {
        End = line.Hash;
        var expected = EndLine.Of(_header.First, Last, Head, _headerHash, out _);
        if (!bytes.SequenceEqual(expected.AsSpan(..^1)))
        {
            findings.Add(file, _line, FindingCode.ChainBroken, "is not the end of this segment: lines before it were changed, removed or exchanged");
        }
    }
}
