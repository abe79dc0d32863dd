using ControlZero.Engine;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Replay;
using ControlZero.Grains.Catalog;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Policies.Replay;

/// <summary>One replay: goes through the log page by page, the newest first, until the time span or what it may cost is over.</summary>
internal sealed class ReplayRun
{
    // Facts of a request that no event holds.
    private const UnknownFacts NeverKept = UnknownFacts.Labels | UnknownFacts.Estimate;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    private static readonly string[] OnText = ["text"];

    private readonly ReplayQuestion _question;
    private readonly ClientIdentity _caller;
    private readonly TenantSnapshot _snapshot;
    private readonly ClusterLog _log;
    private readonly TimeProvider _clock;
    private readonly long _maxSteps;
    private readonly PastPolicies _withoutContext;
    private readonly Lazy<PastPolicies> _withContext;
    private readonly ReplayTally _tally;

    // Decisions whose amendment was seen: it came after them in time and says what was really answered, so it stands for them.
    private readonly HashSet<string> _amended = [];
    private readonly SortedSet<string> _unreachable = new(StringComparer.Ordinal);
    private Timestamp? _lookedBackTo;
    private long _steps;
    private string _stopped = "";

    public ReplayRun(
        ReplayQuestion question, ClientIdentity caller, TenantSnapshot snapshot, ClusterLog log, TimeProvider clock, long maxSteps = Limits.ReplayMaxSteps)
    {
        (_question, _caller, _snapshot, _log, _clock, _maxSteps) = (question, caller, snapshot, log, clock, maxSteps);
        var policies = WithDraft(question.Draft with { Mode = PolicyMode.Enforce }, snapshot);
        var defaultOnEmpty = snapshot.Manifest.Settings.DefaultOnEmpty;
        _withoutContext = PastPolicies.Create(policies, defaultOnEmpty, NeverKept);
        _withContext = new(() => PastPolicies.Create(policies, defaultOnEmpty, NeverKept | UnknownFacts.Context));
        _tally = new ReplayTally(question.MaxExamples);
    }

    /// <summary>Runs it.</summary>
    public async Task RunAsync(IServerStreamWriter<ReplayPolicyResponse> responses, CancellationToken cancellationToken)
    {
        var begun = _clock.GetTimestamp();
        var events = _question.Events;
        do
        {
            var page = await ReadAsync(events);
            foreach (var audited in page.Events.TakeWhile(_ => _stopped.Length == 0))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Look(audited);
            }

            events.PageToken = page.NextPageToken;
            if (_stopped.Length == 0 && events.PageToken.Length > 0)
            {
                _stopped = _clock.GetElapsedTime(begun) > Longest ? "max_time" : "";
                await responses.WriteAsync(Tell(), cancellationToken);
            }
        }
        while (_stopped.Length == 0 && events.PageToken.Length > 0);

        var last = Tell();
        (last.Done, last.Stopped) = (true, _stopped);
        last.Diagnostics.Add(_question.Findings.Select(finding => finding.ToMessage(0)));
        if (_question.Draft.Mode == PolicyMode.Shadow)
        {
            last.Diagnostics.Add(PolicyMapping.ReplayedAsEnforced());
        }

        last.UnreachableSilos.Add(_unreachable);
        _tally.Conclude(last);
        await responses.WriteAsync(last, cancellationToken);
    }

    private async Task<QueryEventsResponse> ReadAsync(QueryEventsRequest request)
    {
        var question = EventQuestion.Read(request, _caller);
        var answers = await _log.AskAsync(silo => silo.QueryAsync(question.Query));
        if (answers.All.IsEmpty)
        {
            throw RpcErrors.LogIncomplete(answers.Unreachable).ToRpcException();
        }

        _unreachable.UnionWith(answers.Unreachable);
        return question.ToPage(answers);
    }

    private void Look(AuditEvent audited)
    {
        var isDecision = audited.Kind == AuditEventKind.Decision && !_amended.Remove(audited.DecisionId);
        if ((!isDecision && audited.Kind != AuditEventKind.Amendment) || audited.DryRun || audited.Replayed)
        {
            return;
        }

        if (_tally.Counts.Decisions == _question.MaxEvents)
        {
            _stopped = "max_events";
            return;
        }

        if (!isDecision)
        {
            _amended.Add(audited.DecisionId);
        }

        _lookedBackTo = audited.Time;
        Decide(audited);
    }

    private void Decide(AuditEvent audited)
    {
        if (!ReasonCodes.IsOfPolicies(audited.ReasonCode))
        {
            _tally.AddNotByPolicy();
            return;
        }

        var past = PastQuestion.Of(audited);
        if (!past.IsWhole)
        {
            _tally.AddUndecidable(audited, OnText);
            return;
        }

        var policies = past.HasContext ? _withContext.Value : _withoutContext;
        var request = past.Request;
        var decided = policies.Decide(in request, past.Candidates);
        _stopped = (_steps += decided.Steps) > _maxSteps ? "max_steps" : "";
        if (decided.IsCertain)
        {
            _tally.Add(audited, in decided);
        }
        else
        {
            _tally.AddUndecidable(audited, Words(policies.Missing));
        }
    }

    private ReplayPolicyResponse Tell() => new()
    {
        Counts = _tally.Counts.Clone(),
        LookedBackTo = _lookedBackTo,
        PolicyEpoch = _snapshot.Epoch,
    };

    // In the order of the manifest, in which policies of one priority are evaluated.
    private static List<(PolicyDocument Document, long Version)> WithDraft(PolicyDocument draft, TenantSnapshot snapshot)
    {
        var inForce = snapshot.Policies.Policies.ToDictionary(policy => policy.Name, StringComparer.Ordinal);
        var policies = new List<(PolicyDocument, long)>();
        var isPlaced = false;
        foreach (var name in snapshot.Manifest.Policies.Select(entry => entry.Name.Value))
        {
            if (name == draft.Name)
            {
                policies.Add((draft, 0));
                isPlaced = true;
            }
            else if (inForce.TryGetValue(name, out var policy))
            {
                policies.Add((policy.Document, policy.Version));
            }
        }

        if (!isPlaced)
        {
            policies.Add((draft, 0));
        }

        return policies;
    }

    private static List<string> Words(UnknownFacts facts) =>
        [.. new[] { UnknownFacts.Context, UnknownFacts.Labels, UnknownFacts.Estimate }.Where(fact => facts.HasFlag(fact)).Select(fact => fact.ToString().ToLowerInvariant())];
}
