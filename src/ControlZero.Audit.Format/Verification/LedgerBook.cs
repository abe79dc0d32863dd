using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Verification;

/// <summary>The ledger, read and checked, by what it says of each generation.</summary>
internal sealed class LedgerBook(VerifyOptions options, Findings findings)
{
    private readonly Dictionary<(string Silo, long Generation), GenerationBook> _generations = [];
    private ChainHash _head;
    private bool _isHeadKnown;
    private bool _isBroken;
    private bool _isSigned;

    public long Records { get; private set; }

    public long Bytes { get; private set; }

    public long Checkpoints { get; private set; }

    public long SignedCheckpoints { get; private set; }

    /// <summary>Records before the first that is signed.</summary>
    public long Unsigned { get; private set; }

    public ChainHash Head => _head;

    public IEnumerable<KeyValuePair<(string Silo, long Generation), GenerationBook>> Generations => _generations;

    public GenerationBook? Find(string silo, long generation) => _generations.GetValueOrDefault((silo, generation));

    public async Task ReadAsync(IAuditArchive archive, CancellationToken cancellationToken)
    {
        await foreach (var file in archive.ListAsync($"{LedgerRecord.Folder}/", cancellationToken))
        {
            if (!file.Path.EndsWith(".jsonl", StringComparison.Ordinal))
            {
                continue;
            }

            if (file.Path != LedgerRecord.PathOf(Records) && !_isBroken)
            {
                findings.Add(
                    file.Path,
                    0,
                    FindingCode.LedgerChanged,
                    $"record {Records} of the ledger should be in `{LedgerRecord.PathOf(Records)}`: a file of the ledger is missing, renamed or cut");
                _isBroken = true;
            }

            var number = 0L;
            await using var stream = await archive.OpenAsync(file.Path, 0, cancellationToken);
            Bytes += await LineReader.ReadAsync(stream, (line, isWhole) => Read(file.Path, ++number, line, isWhole), null, cancellationToken);
        }

        if (!_isSigned && Unsigned > 0)
        {
            findings.Add(LedgerRecord.Folder, 0, FindingCode.Signature, "no record of the ledger is signed");
        }

        if (options.KnownHead is { } known && !_isHeadKnown)
        {
            findings.Add(
                LedgerRecord.Folder, 0, FindingCode.LedgerCut, $"the ledger has no record {known}, which was its head once: it was cut off or written anew");
        }
    }

    private void Read(string file, long number, ReadOnlySpan<byte> bytes, bool isWhole)
    {
        var expected = Records++;
        if (!isWhole || !LedgerLine.TryParse(bytes, out var line))
        {
            findings.Add(file, number, FindingCode.LedgerChanged, "is no record of a ledger, or not all of one");
            _isBroken = true;
            return;
        }

        if (!line.IsIntact)
        {
            findings.Add(file, number, FindingCode.LedgerChanged, "was changed: its hash differs");
        }
        else if (line.Previous != _head && !_isBroken)
        {
            findings.Add(file, number, FindingCode.LedgerChanged, "does not follow the record before it: records were changed, removed, inserted or moved");
        }

        var isSigned = CheckSignature(file, number, line);
        (_head, _isBroken) = (line.Hash, false);
        _isHeadKnown |= options.KnownHead == line.Hash;
        if (!LedgerRecord.TryParse(line.Content, out var sequence, out var record))
        {
            findings.Add(file, number, FindingCode.LedgerChanged, "says nothing that a ledger may say");
        }
        else if (sequence != expected)
        {
            findings.Add(file, number, FindingCode.LedgerChanged, $"is record {sequence}, where {expected} should be");
            Records = sequence + 1;
        }

        if (record is not null)
        {
            Checkpoints += record.Kind == LedgerRecord.Checkpoint ? 1 : 0;
            SignedCheckpoints += isSigned && record.Kind == LedgerRecord.Checkpoint ? 1 : 0;
            Enter(file, number, record);
        }
    }

    // False: not looked at, or wrong. Records from before the first signed one hang on it by its hash; a ledger without any is a finding.
    private bool CheckSignature(string file, long number, LedgerLine line)
    {
        if (options.Keys.Count == 0)
        {
            return false;
        }

        var id = System.Text.Encoding.ASCII.GetString(line.KeyId);
        if (id.Length == 0)
        {
            if (_isSigned)
            {
                findings.Add(file, number, FindingCode.Signature, "is not signed");
            }
            else
            {
                Unsigned++;
            }

            return false;
        }

        _isSigned = true;
        if (options.Keys.FirstOrDefault(key => key.Id == id) is not { } key)
        {
            findings.Add(file, number, FindingCode.Signature, $"is signed by key {id}, which is none of those given");
            return false;
        }

        if (key.Verify(line.Hash, line.Signature))
        {
            return true;
        }

        findings.Add(file, number, FindingCode.Signature, $"has a signature that is not of key {id}");
        return false;
    }

    private void Enter(string file, long number, LedgerRecord record)
    {
        var key = (record.Silo, record.Generation);
        if (!_generations.TryGetValue(key, out var book))
        {
            _generations[key] = book = new GenerationBook();
        }

        switch (record)
        {
            case { Kind: LedgerRecord.Checkpoint, Last: { } last, Head: { } head }:
                Point(file, number, book, last, head);
                break;
            case { Kind: LedgerRecord.Sealed, Segment: { } segment, First: { } first, Last: { } last, Head: { } head, End: { } end }:
                Point(file, number, book, last, head);
                book.Sealed[segment] = (first, last, end);
                break;
            case { Kind: LedgerRecord.Reduced, Segment: { } segment }:
                book.Reduced.Add(segment);
                break;
            case { Kind: LedgerRecord.Checkpoint or LedgerRecord.Sealed or LedgerRecord.Reduced }:
                findings.Add(file, number, FindingCode.LedgerChanged, $"is a `{record.Kind}` record without all that one has");
                break;
        }
    }

    private void Point(string file, long number, GenerationBook book, long last, ChainHash head)
    {
        if (!book.Heads.TryAdd(last, head) && book.Heads[last] != head)
        {
            findings.Add(file, number, FindingCode.LedgerChanged, $"gives record {last} another hash than an earlier record of the ledger");
        }
    }
}

/// <summary>What the ledger says of one generation of a silo.</summary>
internal sealed class GenerationBook
{
    /// <summary>Hashes that records must have.</summary>
    public SortedDictionary<long, ChainHash> Heads { get; } = [];

    public SortedDictionary<int, (long First, long Last, ChainHash End)> Sealed { get; } = [];

    /// <summary>Segments whose bodies retention may have dropped.</summary>
    public HashSet<int> Reduced { get; } = [];

    public long LastCovered => Heads.Count == 0 ? 0 : Heads.Keys.Max();
}
