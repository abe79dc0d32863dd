using System.Collections.Concurrent;
using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Chaos.Load;

/// <summary>Makes calls and keeps the record of them: a line before each is sent, a line when its end is known.</summary>
internal sealed class RecordedCalls(RecordWriter record)
{
    private static readonly TimeSpan DirectTimeout = TimeSpan.FromSeconds(1);

    // A change may wait for a paused server, up to the bound, and longer when that is the one that makes it.
    private static readonly TimeSpan ChangeTimeout = TimeSpan.FromSeconds(8);

    private readonly ConcurrentDictionary<long, Operation> _changing = new();

    /// <summary>The record.</summary>
    public RecordWriter Record => record;

    /// <summary>Called with the first and the last line of a question that was answered.</summary>
    public Action<RecordLine, RecordLine>? Answered { get; set; }

    /// <summary>The changes of a kind that are under way: their first lines are written, and their last are not.</summary>
    public IReadOnlySet<long> UnderWay(Operation operation) =>
        _changing.Where(change => change.Value == operation).Select(change => change.Key).ToHashSet();

    /// <summary>Asks one server, once. With the tenant's own key, or another one of it.</summary>
    /// <returns>The last line of the record about it.</returns>
    public Task<RecordLine> AskAsync(ChaosTenant tenant, int server, string agent, (string Action, string Resource) question, ulong minEpoch, KeyClients? key = null)
    {
        key ??= tenant.Own;
        return SendAsync(
            Asked(tenant, key, server, agent, question, minEpoch),
            async line =>
            {
                var request = new EnforceRequest
                {
                    RequestId = Call.RequestIdOf(line.Id), AgentId = agent, Action = question.Action, Resource = question.Resource, MinPolicyEpoch = minEpoch,
                };
                var answer = await key.Direct[server - 1].Enforcement.EnforceAsync(request, deadline: In(DirectTimeout));
                return line with { Epoch = answer.PolicyEpoch, Answer = AnswerMapping.Of(answer) };
            });
    }

    /// <summary>Asks as a program does, through a client that knows all addresses.</summary>
    public Task<RecordLine> AskAsync(ChaosTenant tenant, string agent, (string Action, string Resource) question, ulong minEpoch, KeyClients? key = null)
    {
        key ??= tenant.Own;
        return AskAsync(tenant, key, agent, question, minEpoch, query => key.Everywhere.CheckAsync(query));
    }

    /// <summary>The same over a stream of such a client. What the stream leaves, the client asks at all addresses.</summary>
    public Task<RecordLine> AskAsync(
        ChaosTenant tenant, EnforceStream stream, string agent, (string Action, string Resource) question, ulong minEpoch, KeyClients key) =>
        AskAsync(tenant, key, agent, question, minEpoch, query => stream.CheckAsync(query));

    /// <summary>Makes a change through one server. The acknowledged epoch is the tenant's to carry from then on.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="asked">Its first line, but for what all have.</param>
    /// <param name="clients">One a server; the change is made through that of the server its line names.</param>
    /// <param name="change">Sends it, and fills in what the answer says.</param>
    public async Task<RecordLine> ChangeAsync(
        ChaosTenant tenant, RecordLine asked, IReadOnlyList<ControlZeroClient> clients, Func<ControlZeroClient, CallOptions, Task<(ulong Epoch, long Version)>> change)
    {
        var end = await SendAsync(
            asked with { Tenant = tenant.Id },
            async line =>
            {
                var (epoch, version) = await change(clients[asked.Server - 1], new CallOptions(deadline: In(ChangeTimeout)));
                return line with { Epoch = epoch, Version = version };
            });
        if (end.Kind == LineKind.Ok)
        {
            tenant.Learn(end.Epoch);
        }

        return end;
    }

    /// <summary>Reads a tenant's audit log.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="server">Through which server, from 1.</param>
    /// <param name="question">What is looked for.</param>
    /// <param name="read">Sends it, and fills in what was found.</param>
    public Task<RecordLine> ReadAsync(ChaosTenant tenant, int server, LogQuestion question, Func<RecordLine, Task<RecordLine>> read) => SendAsync(
        new RecordLine
        {
            Kind = LineKind.Invoke,
            At = 0,
            Operation = question.DecisionId.Length > 0 ? Operation.GetDecision : Operation.QueryEvents,
            Tenant = tenant.Id,
            Server = server,
            Question = question,
        },
        read);

    private Task<RecordLine> AskAsync(
        ChaosTenant tenant,
        KeyClients key,
        string agent,
        (string Action, string Resource) question,
        ulong minEpoch,
        Func<EnforceQuery, Task<EnforceDecision>> check)
    {
        return SendAsync(
            Asked(tenant, key, 0, agent, question, minEpoch),
            async line =>
            {
                var query = new EnforceQuery
                {
                    RequestId = Call.RequestIdOf(line.Id), AgentId = agent, Action = question.Action, Resource = question.Resource, MinPolicyEpoch = minEpoch,
                };
                var begun = TimeProvider.System.GetTimestamp();
                var decision = await check(query);
                return decision.Source == DecisionSource.Client
                    ? line with { Kind = LineKind.Unknown, Status = StatusAfter(TimeProvider.System.GetElapsedTime(begun)) }
                    : line with { Epoch = decision.PolicyEpoch, Answer = AnswerMapping.Of(decision) };
            });
    }

    private static RecordLine Asked(ChaosTenant tenant, KeyClients key, int server, string agent, (string Action, string Resource) question, ulong minEpoch) => new()
    {
        Kind = LineKind.Invoke,
        At = 0,
        Operation = Operation.Enforce,
        Tenant = tenant.Id,
        Agent = agent,
        Key = key.Id,
        Server = server,
        Action = question.Action,
        Resource = question.Resource,
        MinEpoch = minEpoch,
    };

    private async Task<RecordLine> SendAsync(RecordLine asked, Func<RecordLine, Task<RecordLine>> send)
    {
        var id = record.NextId();
        record.Write(asked with { Id = id, At = record.Now });
        if (asked.Operation != Operation.Enforce)
        {
            _changing[id] = asked.Operation;
        }

        var end = new RecordLine { Kind = LineKind.Ok, At = 0, Id = id };
        try
        {
            end = await send(end);
        }
        catch (RpcException error)
        {
            end = Failed(end, error.StatusCode);
        }
        catch (ControlZeroException error)
        {
            end = Failed(end, error.StatusCode);
        }

        // INVARIANT: before its time is taken, so that what is seen under way after a moment did not end before it.
        _changing.TryRemove(id, out _);
        end = end with { At = record.Now };
        record.Write(end);
        if (end.Answer is not null)
        {
            Answered?.Invoke(asked, end);
        }

        return end;
    }

    // Whether a change took place is unknown unless the server says that it did not.
    private static RecordLine Failed(RecordLine end, StatusCode status) => end with
    {
        Kind = status is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Unknown or StatusCode.Internal
            ? LineKind.Unknown
            : LineKind.Fail,
        Status = status.ToString(),
    };

    // The client's own answer tells the status in words only: it gives up when its time is over, else it was told that nobody can answer.
    private static string StatusAfter(TimeSpan elapsed) =>
        (elapsed < new ControlZeroClientOptions().Timeout * 0.95 ? StatusCode.Unavailable : StatusCode.DeadlineExceeded).ToString();

    private static DateTime In(TimeSpan time) => (TimeProvider.System.GetUtcNow() + time).UtcDateTime;
}
