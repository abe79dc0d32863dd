using ControlZero.Client.Errors;
using ControlZero.Client.Routing;
using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client.Enforcement;

/// <summary>The questions of one batch and what each has come to. An open question is one that has come to nothing yet.</summary>
internal sealed class QuestionBatch
{
    /// <summary>Most questions of a batch, as the cluster has it. Unit: questions.</summary>
    public const int MaxQuestions = 256;

    private static readonly EnforceResponse NoDecision = new();

    private readonly ControlZeroClientOptions _options;
    private readonly EnforceRequest[] _requests;
    private readonly EnforceOutcome?[] _outcomes;
    private readonly ControlZeroException?[] _outages;
    private readonly EnforceOutcome?[] _stale;
    private readonly List<(string Token, string Agent)> _unused = [];
    private List<int> _open;

    /// <summary>Maps the questions. Throws when there are too many, or when one cannot be sent; then nothing is.</summary>
    public QuestionBatch(IReadOnlyList<EnforceQuery> queries, ControlZeroClientOptions options)
    {
        if (queries.Count > MaxQuestions)
        {
            throw TooMany(queries.Count);
        }

        _options = options;
        _requests = [.. queries.Select(ToRequest)];
        _outcomes = new EnforceOutcome?[_requests.Length];
        _outages = new ControlZeroException?[_requests.Length];
        _stale = new EnforceOutcome?[_requests.Length];
        _open = [.. Enumerable.Range(0, _requests.Length)];
    }

    /// <summary>Whether a question is still to be asked.</summary>
    public bool IsOpen => _open.Count > 0;

    /// <summary>Whether a question names no agent.</summary>
    public bool NeedsAgent => _requests.Any(request => request.AgentId.Length == 0);

    /// <summary>The agent of the first open question: the batch goes where that one is asked.</summary>
    public string FirstAgent => _requests[_open[0]].AgentId;

    /// <summary>What every question came to, in order. None may be open.</summary>
    public IReadOnlyList<EnforceOutcome> Outcomes =>
        [.. _outcomes.Select(outcome => outcome ?? throw new InvalidOperationException("a question of the batch is still open"))];

    /// <summary>Gives the questions that name no agent this one. Null: there is none, and they are not asked.</summary>
    public void NameAgent(string? agent)
    {
        foreach (var place in _open.Where(place => _requests[place].AgentId.Length == 0))
        {
            _requests[place].AgentId = agent ?? "";
            _outcomes[place] = agent is null ? new EnforceOutcome(AgentBinding.NoAgent()) : null;
        }

        CloseAnswered();
    }

    /// <summary>The message that asks the open questions.</summary>
    public EnforceBatchRequest ToMessage() => new() { Requests = { _open.Select(place => _requests[place]) } };

    /// <summary>Takes the answers to the open questions. Those the cluster cannot decide at the moment stay open, and those of a stale server.</summary>
    public Acceptance Accept(EnforceBatchResponse answer)
    {
        // INVARIANT: an answer belongs to the question in its place. Of a list of another length nobody knows which is which.
        var matches = answer.Results.Count == _open.Count;
        Staleness? stale = null;
        for (var i = 0; i < _open.Count; i++)
        {
            stale = Accept(_open[i], matches ? answer.Results[i] : null) ?? stale;
        }

        CloseAnswered();
        return stale is null && IsOpen ? new(Undecided: _outages[_open[0]]) : new(Stale: stale);
    }

    /// <summary>What allows hold that the client made denies: it is to be given back.</summary>
    public IReadOnlyList<(string Token, string Agent)> Unused => _unused;

    /// <summary>No more answers will come. What is open comes to the deny of a stale server, or the client itself decides it.</summary>
    /// <param name="error">What the call ended with, where the cluster did not say it of the question. Null: with an answer.</param>
    public void GiveUp(ControlZeroException? error = null)
    {
        foreach (var place in _open)
        {
            _outcomes[place] = _stale[place] ?? WithoutAnswer(place, (_outages[place] ?? error)!);
        }

        _open.Clear();
    }

    private Staleness? Accept(int place, EnforceBatchResult? result)
    {
        if (result?.Error is { } status)
        {
            Refuse(place, ErrorDecoding.Decode(status));
            return null;
        }

        var response = result?.Response ?? NoDecision;
        var decision = DecisionMapping.ToDecision(response, _requests[place], _options.Obligations);
        if (decision is { Source: DecisionSource.Client, Reservation: { } reservation })
        {
            _unused.Add((reservation.Token, _requests[place].AgentId));
            decision = decision with { Reservation = null };
        }

        var staleness = DecisionMapping.StalenessOf(response);
        (staleness is null ? _outcomes : _stale)[place] = new EnforceOutcome(decision);
        return staleness;
    }

    private void Refuse(int place, ControlZeroException error)
    {
        _outages[place] = error.StatusCode == StatusCode.Unavailable ? error : null;
        _outcomes[place] = error.StatusCode switch
        {
            StatusCode.Unavailable => null,
            StatusCode.DeadlineExceeded => _stale[place] ?? WithoutAnswer(place, error),
            _ => new EnforceOutcome(error),
        };
    }

    private EnforceOutcome WithoutAnswer(int place, ControlZeroException error) =>
        new(DecisionMapping.WithoutAnswer(_requests[place], _options, error.Message));

    private void CloseAnswered() => _open = _open.FindAll(place => _outcomes[place] is null);

    private static EnforceRequest ToRequest(EnforceQuery query, int index)
    {
        var place = $"queries[{index}]";
        return query is null
            ? throw new ArgumentException($"`{place}` is null; leave it out or ask something")
            : DecisionMapping.ToRequest(query, $"{place}.");
    }

    private static ControlZeroException TooMany(int count)
    {
        var message = $"the batch has {count} questions, {MaxQuestions} are allowed; ask them in several batches";
        return new ControlZeroException(StatusCode.InvalidArgument, "TOO_MANY", message)
        {
            Violations = [new FieldViolation("requests", "TOO_MANY", message)],
        };
    }
}
