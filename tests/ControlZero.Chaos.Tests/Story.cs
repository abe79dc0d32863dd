using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests;

/// <summary>
/// A record made up by hand, in milliseconds: one strict tenant, one that allows stale servers, text 1 of the turning policy in force under
/// epoch 2. Text 1 allows model m0, text 2 denies it.
/// </summary>
internal sealed class Story
{
    public const string Strict = "strict-1";
    public const string Stale = "stale-3";
    public const string Agent = "agent-00";
    public const string Key = "revoked00000";

    /// <summary>The status of a question whose key is not taken for valid.</summary>
    public const string Refused = "Unauthenticated";

    /// <summary>A tenant with the limits of the run, where <see cref="Spend"/> asks.</summary>
    public const string Spending = "spending";

    private const string SpendingPolicy = """
        { "name": "spending", "rules": [ { "id": "spend", "allow": "spend:*" } ],
          "limits": [ { "name": "own", "metric": "requests", "limit": 2, "window": "6s", "per": "agent", "action": "spend:own" },
                      { "name": "shared", "metric": "requests", "limit": 3, "window": "6s", "per": "tenant", "action": "spend:shared" } ] }
        """;

    private readonly List<RecordLine> _lines = [];
    private long _ids;

    public Story()
    {
        foreach (var tenant in (string[])[Strict, Stale])
        {
            _lines.Add(new RecordLine { Kind = LineKind.Tenant, At = 0, Tenant = tenant, AllowStale = tenant == Stale });
            _lines.Add(new RecordLine { Kind = LineKind.Document, At = 0, Tenant = tenant, Document = 0, Text = TestPolicies.Base });
            _lines.Add(new RecordLine { Kind = LineKind.Document, At = 0, Tenant = tenant, Document = 1, Text = Text(1, "allow") });
            _lines.Add(new RecordLine { Kind = LineKind.Document, At = 0, Tenant = tenant, Document = 2, Text = Text(2, "deny") });
            Change(1, 2, Operation.Publish, epoch: 1, document: 0, tenant: tenant);
            Change(3, 4, Operation.Publish, epoch: 2, document: 1, version: 1, tenant: tenant);
        }
    }

    public History History => History.Of(_lines);

    /// <summary>An allow by a policy with limits, charged in the window that ends then.</summary>
    public static Answer Charged(string limit, long ends) =>
        new(true, "allow", "RULE_MATCH", "spend", 0, "spending", 1, 1) { Windows = [new ChargedWindow(limit, ends)] };

    /// <summary>A question under the limits of the run.</summary>
    public Story Spend(string action, Answer answer, string agent = Agent)
    {
        if (_lines.TrueForAll(line => line.Tenant != Spending))
        {
            _lines.Add(new RecordLine { Kind = LineKind.Tenant, At = 0, Tenant = Spending });
            _lines.Add(new RecordLine { Kind = LineKind.Document, At = 0, Tenant = Spending, Document = 0, Text = SpendingPolicy });
            Change(1, 2, Operation.Publish, epoch: 1, tenant: Spending);
        }

        var id = ++_ids;
        _lines.Add(new RecordLine { Kind = LineKind.Invoke, At = 10_000, Id = id, Operation = Operation.Enforce, Tenant = Spending, Agent = agent, Server = 1, Action = action });
        _lines.Add(new RecordLine { Kind = LineKind.Ok, At = 11_000, Id = id, Epoch = 1, Answer = answer });
        return this;
    }

    /// <summary>An allow by text 1.</summary>
    public static Answer Allow { get; } = new(true, "allow", "RULE_MATCH", "1-allow", 1, TestPolicies.Turning, 1, 2);

    /// <summary>A deny by text 2.</summary>
    public static Answer Deny { get; } = new(false, "deny", "RULE_MATCH", "2-deny", 1, TestPolicies.Turning, 2, 2);

    /// <summary>A deny of somebody who is suspended.</summary>
    public static Answer Suspended { get; } = new(false, "deny", "AGENT_SUSPENDED", "synthetic:AGENT_SUSPENDED", null, "", 0, 0);

    /// <summary>A deny of a server that does not know.</summary>
    public static Answer DoesNotKnow { get; } = new(false, "deny", "POLICY_STALE", "synthetic:POLICY_STALE", null, "", 0, 0);

    /// <summary>A question, and its answer.</summary>
    public Story Ask(long sent, long received, Answer? answer, ulong epoch = 2, ulong min = 0, string tenant = Strict, string agent = Agent, string status = "", int server = 1,
        string key = "")
    {
        var id = ++_ids;
        _lines.Add(new RecordLine
        {
            Kind = LineKind.Invoke,
            At = sent * 1000,
            Id = id,
            Operation = Operation.Enforce,
            Tenant = tenant,
            Agent = agent,
            Key = key,
            Server = server,
            Action = "llm.generate",
            Resource = "model/vendor/m0",
            MinEpoch = min,
        });
        _lines.Add(new RecordLine
        {
            Kind = answer is not null ? LineKind.Ok : status == Refused ? LineKind.Fail : LineKind.Unknown, At = received * 1000, Id = id, Epoch = epoch, Answer = answer, Status = status,
        });
        return this;
    }

    /// <summary>A change, acknowledged unless it says how it ended.</summary>
    public Story Change(
        long sent, long received, Operation operation, ulong epoch, int document = 0, long version = 0, string tenant = Strict, string agent = "", string status = "",
        string model = "", string key = "")
    {
        var id = ++_ids;
        _lines.Add(new RecordLine
        {
            Kind = LineKind.Invoke, At = sent * 1000, Id = id, Operation = operation, Tenant = tenant, Agent = agent, Resource = model, Key = key, Document = document, Server = 1,
        });
        _lines.Add(new RecordLine
        {
            Kind = status.Length == 0 ? LineKind.Ok : LineKind.Unknown, At = received * 1000, Id = id, Epoch = epoch, Version = version, Status = status,
        });
        return this;
    }

    /// <summary>A suspension of the agent.</summary>
    public Story Suspend(long sent, long received, ulong epoch, string tenant = Strict, string status = "") =>
        Change(sent, received, Operation.SuspendAgent, epoch, tenant: tenant, agent: Agent, status: status);

    /// <summary>Its end.</summary>
    public Story Resume(long sent, long received, ulong epoch, string status = "") =>
        Change(sent, received, Operation.ResumeAgent, epoch, agent: Agent, status: status);

    /// <summary>The revocation of a key.</summary>
    public Story Revoke(long sent, long received, string key, string tenant = Strict, string status = "") =>
        Change(sent, received, Operation.RevokeKey, 0, tenant: tenant, key: key, status: status);

    /// <summary>A fault, its end and the recovery from it. Not recovered: 0.</summary>
    public Story Fault(string fault, string phase, long begun, long healed, long recovered)
    {
        var id = ++_ids;
        _lines.Add(new RecordLine { Kind = LineKind.Fault, At = begun * 1000, Id = id, Fault = fault, Phase = phase, Server = 1 });
        _lines.Add(new RecordLine { Kind = LineKind.Healed, At = healed * 1000, Id = id });
        if (recovered > 0)
        {
            _lines.Add(new RecordLine { Kind = LineKind.Recovered, At = recovered * 1000, Id = id });
        }

        return this;
    }

    /// <summary>Any other line.</summary>
    public Story Line(RecordLine line)
    {
        _lines.Add(line);
        return this;
    }

    private static string Text(int number, string effect) => $$"""
        { "name": "turning", "priority": 10, "rules": [
          { "id": "{{number}}-embed", "deny": "llm.embed" },
          { "id": "{{number}}-{{effect}}", "effect": "{{effect}}", "action": "llm.generate", "resource": "model/vendor/m0" } ] }
        """;
}
