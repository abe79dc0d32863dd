using BenchmarkDotNet.Attributes;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Log;
using ControlZero.Audit.Redaction;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;
using IndexReader = ControlZero.Audit.Reading.LineReader;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;

namespace ControlZero.Benchmarks.Audit;

/// <summary>What one event costs on its way, step by step: the first three on the caller's thread, the last on the writer's. The disk is what is missing.</summary>
public class EventBenchmarks
{
    private const int BatchLength = 4096;

    private readonly DecisionEvents _events = new([]);
    private readonly EventBuffer _buffer = new();
    private readonly EntryBatch _batch = new();
    private readonly byte[] _line = new byte[4096];
    private readonly byte[] _salt = new byte[ChainHash.SaltLength];
    private readonly DateTimeOffset _now = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);

    private KeyId _key;
    private EnforceOutcome _outcome;
    private AuditEvent _event = null!;
    private AuditEntry _entry;
    private byte[] _content = null!;
    private byte[] _sealed = null!;
    private ChainHash _head = ChainHash.Genesis("silo", 1);
    private int _added;

    [GlobalSetup]
    public void Make()
    {
        _key = KeyId.Parse("abcdefghijkl");
        var tenant = TenantId.Parse("acme");
        var caller = new ClientIdentity(new KeyRecord
        {
            Id = _key,
            Tenant = tenant,
            Name = "",
            Scopes = [Scopes.Enforce],
            Agents = [],
            Hash = "",
            CreatedAt = _now,
            CreatedBy = "",
        });
        var question = EnforceQuestion.Read(
            new EnforceRequest { AgentId = "agent-000123", Action = "llm.generate", Resource = "model/meta-llama/llama-3-70b-instruct" }, caller);
        var response = new EnforceResponse
        {
            Decision = Decision.Allow,
            Effect = "allow",
            ReasonCode = "RULE_MATCH",
            DecisionId = DecisionIds.Next(_now),
            Reason = "allowed by `rule-2` of `openrouter-model-policy`",
            Policy = "openrouter-model-policy",
            PolicyVersion = 1,
            PolicyEpoch = 2,
            RuleId = "rule-2",
            RuleIndex = 2,
            EvaluatedRules = 3,
            RequestId = question.RequestId,
        };
        _outcome = new EnforceOutcome(response, null, Question: question);
        _event = MakeEvent();
        WriteText();
        _entry = new AuditEntry(tenant, _now, _buffer.Between(0, _buffer.Length).ToArray());
        AddToBatch();
        _content = [.. "\"seq\":1,"u8, .. _batch.Contents[.._batch.Lengths[0]]];
        Chain();
        _sealed = _line[..(_line.AsSpan().IndexOf((byte)'\n') is var end and >= 0 ? end : _line.Length)];
    }

    [Benchmark(Description = "make the event, redacted")]
    public AuditEvent MakeEvent() => _events.Of(AuditEventKind.Decision, _outcome, _key, _now);

    [Benchmark(Description = "redact a text that is new each time")]
    public string Redact()
    {
        var found = RedactedKinds.None;
        return Redactor.Redact(string.Concat("tool/search/", (_added++).ToString("D9", System.Globalization.CultureInfo.InvariantCulture)), ref found);
    }

    [Benchmark(Description = "write its text")]
    public int WriteText()
    {
        _buffer.Rewind(0);
        EventJson.Write(_event, _buffer);
        return _buffer.Length;
    }

    [Benchmark(Description = "add it to the open batch")]
    public void AddToBatch()
    {
        _batch.Add(_entry);
        if (_batch.Count == BatchLength)
        {
            _batch.Clear();
        }
    }

    [Benchmark(Description = "chain it: two hashes, its line")]
    public ChainHash Chain()
    {
        _content.CopyTo(ChainedLine.ContentOf(_line));
        return _head = ChainedLine.Seal(_head, _salt, _content.Length, _line);
    }

    [Benchmark(Description = "index its line")]
    public bool Index()
    {
        var tenant = "acme";
        return IndexReader.TryIndex(_sealed, 0, ref tenant, out _);
    }

    [Benchmark(Description = "index its line with a JSON reader")]
    public bool IndexAny() => IndexReader.TryIndexAny(_sealed, 0, out _, out _, out _);
}
