using System.Globalization;

namespace ControlZero.Chaos.Records;

/// <summary>One call of the record, from its first line to its last.</summary>
internal sealed record Call(RecordLine Asked, RecordLine? Ended)
{
    public long Id => Asked.Id;

    /// <summary>The request id it was sent with.</summary>
    public string RequestId => RequestIdOf(Id);

    public Operation Operation => Asked.Operation;

    public string Tenant => Asked.Tenant;

    public string Agent => Asked.Agent;

    /// <summary>Public id of the key it was sent with or that it revokes. Empty: the tenant's own.</summary>
    public string Key => Asked.Key;

    /// <summary>What a question is about; of a suspended model, the pattern that stops it.</summary>
    public string Resource => Asked.Resource;

    /// <summary>When it was about to be sent. Unit: microseconds since the run began.</summary>
    public long Invoked => Asked.At;

    /// <summary>When its end was known. <see cref="long.MaxValue"/>: never.</summary>
    public long Completed => Ended?.At ?? long.MaxValue;

    public bool IsOk => Ended?.Kind == LineKind.Ok;

    /// <summary>Whether it may have happened, or may happen yet, without anybody having been told.</summary>
    public bool IsUnknown => Ended is null || Ended.Kind == LineKind.Unknown;

    /// <summary>Whether its key was not taken for valid.</summary>
    public bool IsRefused => Ended is { Kind: LineKind.Fail, Status: "Unauthenticated" };

    public ulong Epoch => Ended?.Epoch ?? 0;

    public Answer? Answer => Ended?.Answer;

    /// <summary>The request id of a call, by its number.</summary>
    public static string RequestIdOf(long id) => string.Create(CultureInfo.InvariantCulture, $"call-{id}");

    /// <summary>For messages: everything that is known of it, times in milliseconds.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"call {Id} {Operation} {Tenant} {Agent} {Asked.Action} {Asked.Resource} {(Key.Length == 0 ? "" : $"key {Key} ")}server {Asked.Server} min {Asked.MinEpoch} document {Asked.Document}, ")
        + FormattableString.Invariant($"sent at {Invoked / 1000.0:0.0} ms, ")
        + (Ended is null ? "never ended" : FormattableString.Invariant($"{Ended.Kind} {Ended.Status} at {Completed / 1000.0:0.0} ms epoch {Epoch} {Answer}"));
}

/// <summary>One fault of the record.</summary>
/// <param name="Begun">When it began. Unit of all times: microseconds since the run began.</param>
/// <param name="Healed">When it was over; <see cref="long.MaxValue"/>: never.</param>
/// <param name="Recovered">When everything was answered again; <see cref="long.MaxValue"/>: never.</param>
/// <param name="Line">Its first line.</param>
internal sealed record FaultSpan(RecordLine Line, long Begun, long Healed, long Recovered)
{
    public string Fault => Line.Fault;

    public string Phase => Line.Phase;

    /// <summary>Whether any of that time falls into it, up to the recovery.</summary>
    public bool Overlaps(long from, long to) => from <= Recovered && to >= Begun;
}

/// <summary>A tenant of the record.</summary>
/// <param name="Id">Its id.</param>
/// <param name="AllowStale">Whether it lets stale servers allow.</param>
/// <param name="Documents">The texts of its policies by number; 0 is the one that never changes.</param>
internal sealed record RecordedTenant(string Id, bool AllowStale, IReadOnlyDictionary<int, string> Documents);

/// <summary>A whole record, as the checkers read it.</summary>
internal sealed class History
{
    private History(IReadOnlyList<RecordLine> lines, long tornBytes)
    {
        Lines = lines;
        TornBytes = tornBytes;
        Calls = Join(lines);
        Faults = Spans(lines);
        Lives = new ServerLives(lines);
        Tenants = lines.Where(line => line.Kind == LineKind.Tenant).ToDictionary(
            line => line.Tenant,
            tenant => new RecordedTenant(
                tenant.Tenant,
                tenant.AllowStale,
                lines.Where(line => line.Kind == LineKind.Document && line.Tenant == tenant.Tenant).ToDictionary(line => line.Document, line => line.Text)));
    }

    public IReadOnlyList<RecordLine> Lines { get; }

    /// <summary>How much of a torn last line was left out: the recorder was killed, and what it had not written yet is missing too. 0: none was torn.</summary>
    public long TornBytes { get; }

    /// <summary>All calls in the order they were sent.</summary>
    public IReadOnlyList<Call> Calls { get; }

    public IReadOnlyList<FaultSpan> Faults { get; }

    public IReadOnlyDictionary<string, RecordedTenant> Tenants { get; }

    /// <summary>When which server served, and by which build.</summary>
    public ServerLives Lives { get; }

    /// <summary>All questions that were answered with a decision.</summary>
    public IEnumerable<Call> Decisions => Calls.Where(call => call is { Operation: Operation.Enforce, Answer: not null });

    /// <summary>Reads a record's file.</summary>
    /// <exception cref="ChaosException">A line cannot be read that is not a torn last one.</exception>
    public static History Read(string path)
    {
        var (lines, tornBytes) = RecordReader.Read(path);
        return new History(lines, tornBytes);
    }

    /// <summary>Takes lines as they would be read.</summary>
    public static History Of(IReadOnlyList<RecordLine> lines) => new(lines, 0);

    /// <summary>
    /// Whether a decision may be older than the bound: its tenant lets stale servers allow, and a fault was about.
    /// </summary>
    /// <param name="decision">The decision.</param>
    /// <param name="bound">The bound. Unit: microseconds.</param>
    public bool MayBeStale(Call decision, long bound) =>
        Tenants[decision.Tenant].AllowStale && Faults.Any(fault => fault.Overlaps(decision.Invoked - bound, decision.Completed + bound));

    /// <summary>How much of a time some server was down that had ended by itself and was started again. Unit: microseconds.</summary>
    public long StartingWithin(long from, long to)
    {
        var down = Lines.Where(line => line.Kind == LineKind.Died)
            .Select(died => (From: Math.Max(died.At, from), To: Math.Min(ServedAgain(died), to)))
            .Where(span => span.To > span.From)
            .OrderBy(span => span.From);
        var (sum, end) = (0L, from);
        foreach (var span in down)
        {
            sum += Math.Max(0, span.To - Math.Max(span.From, end));
            end = Math.Max(end, span.To);
        }

        return sum;
    }

    // One that never serves again is no start that takes long.
    private long ServedAgain(RecordLine died) =>
        Lines.FirstOrDefault(line => line.Kind == LineKind.Served && line.Server == died.Server && line.At >= died.At)?.At ?? died.At;

    private static List<Call> Join(IReadOnlyList<RecordLine> lines)
    {
        var ends = lines.Where(line => line.Kind is LineKind.Ok or LineKind.Fail or LineKind.Unknown).ToDictionary(line => line.Id);
        return [.. lines.Where(line => line.Kind == LineKind.Invoke).OrderBy(line => line.At).Select(asked => new Call(asked, ends.GetValueOrDefault(asked.Id)))];
    }

    private static List<FaultSpan> Spans(IReadOnlyList<RecordLine> lines)
    {
        return [.. lines.Where(line => line.Kind == LineKind.Fault).Select(line => new FaultSpan(line, line.At, When(LineKind.Healed, line.Id), When(LineKind.Recovered, line.Id)))];

        long When(LineKind kind, long id) => lines.FirstOrDefault(line => line.Kind == kind && line.Id == id)?.At ?? long.MaxValue;
    }
}
