using System.Collections.Concurrent;
using System.Globalization;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Audit;
using Grpc.Core;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>
/// Calls of every form to every server, some hung up on at a random moment, and the outside record of them: what was received, and whose call came
/// to nothing.
/// </summary>
internal sealed class AuditLoad(IReadOnlyList<ControlZeroClient> clients, string tenant, int seed)
{
    private const int Workers = 16;
    private static readonly string[] Forms = ["single", "batch", "stream"];
    private static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(10);

    private readonly ConcurrentBag<ReceivedAnswer> _received = [];
    private readonly ConcurrentDictionary<string, bool> _lost = new();
    private readonly ConcurrentDictionary<string, int> _answersByForm = new(Forms.Select(form => KeyValuePair.Create(form, 0)));
    private int _calls;

    /// <summary>What was received.</summary>
    public IReadOnlyCollection<ReceivedAnswer> Received => _received;

    /// <summary>How many answers were received by each form of call.</summary>
    public IReadOnlyDictionary<string, int> AnswersByForm => _answersByForm;

    /// <summary>Requests whose call was cancelled or failed.</summary>
    public IReadOnlySet<string> Lost => _lost.Keys.ToHashSet();

    /// <summary>Calls that were begun.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>An answer as it was received.</summary>
    public static ReceivedAnswer ReceivedAs(EnforceRequest request, EnforceResponse response, string tenant) => new() { Tenant = tenant, Values = Values(request, response) };

    /// <summary>Makes calls.</summary>
    /// <param name="goesOn">Whether to make another one, after so many.</param>
    public async Task RunAsync(Func<int, bool> goesOn) => await Task.WhenAll(Enumerable.Range(0, Workers).Select(async worker =>
    {
        var random = new Random(seed + worker);
        while (Interlocked.Increment(ref _calls) is var number && goesOn(number))
        {
            await CallAsync(number, random);
        }
    }));

    private async Task CallAsync(int number, Random random)
    {
        using var hangUp = new CancellationTokenSource(random.NextDouble() < 0.3 ? TimeSpan.FromMilliseconds(random.Next(25)) : LongestCall);

        var client = clients[random.Next(clients.Count)];
        EnforceRequest[] requests = [.. Enumerable.Range(0, random.Next(3) == 0 ? 1 : random.Next(1, 6)).Select(item => Ask($"r{number}-{item}", random))];
        var answered = new HashSet<string>();
        var form = random.Next(Forms.Length);
        try
        {
            if (form == 0)
            {
                Receive(requests[0], await client.Enforcement.EnforceAsync(requests[0], cancellationToken: hangUp.Token), answered);
            }
            else if (form == 1)
            {
                var batch = await client.Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { requests } }, cancellationToken: hangUp.Token);
                foreach (var (request, result) in requests.Zip(batch.Results))
                {
                    Receive(request, result.Response, answered);
                }
            }
            else
            {
                await StreamAsync(client, requests, answered, hangUp.Token);
            }
        }
        catch (Exception none) when (none is ControlZeroException or RpcException or OperationCanceledException or InvalidOperationException or IOException)
        {
            // Whatever it was, a stream that is reset under a write too: what was not received is marked below.
        }

        _answersByForm.AddOrUpdate(Forms[form], answered.Count, (_, before) => before + answered.Count);
        foreach (var request in requests.Where(request => !answered.Contains(request.RequestId)))
        {
            _lost[request.RequestId] = true;
        }
    }

    private async Task StreamAsync(ControlZeroClient client, EnforceRequest[] requests, HashSet<string> answered, CancellationToken hangUp)
    {
        using var stream = client.Enforcement.EnforceStream(cancellationToken: hangUp);
        for (var index = 0; index < requests.Length; index++)
        {
            await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = (ulong)index, Enforce = requests[index] }, hangUp);
        }

        await stream.RequestStream.CompleteAsync();
        await foreach (var answer in stream.ResponseStream.ReadAllAsync(hangUp))
        {
            Receive(requests[answer.CorrelationId], answer.Response, answered);
        }
    }

    private void Receive(EnforceRequest request, EnforceResponse? response, HashSet<string> answered)
    {
        if (response is not null && answered.Add(request.RequestId))
        {
            _received.Add(ReceivedAs(request, response, tenant));
        }
    }

    private static EnforceRequest Ask(string id, Random random) => new()
    {
        RequestId = id,
        AgentId = $"agent-{random.Next(40)}",
        Action = "llm.generate",
        Resource = random.Next(3) switch { 0 => "model/openai/gpt-4", 1 => "model/other", _ => "" },
        DryRun = random.Next(10) == 0,
    };

    private static Dictionary<string, string> Values(EnforceRequest request, EnforceResponse response) => new()
    {
        ["agent"] = request.AgentId,
        ["action"] = request.Action,
        ["resource"] = request.Resource,
        ["decision_id"] = response.DecisionId,
        ["request_id"] = response.RequestId,
        ["decision"] = response.Decision == Decision.Allow ? "allow" : "deny",
        ["effect"] = response.Effect,
        ["reason_code"] = response.ReasonCode,
        ["reason"] = response.Reason,
        ["policy"] = response.Policy,
        ["policy_version"] = response.PolicyVersion == 0 ? "" : response.PolicyVersion.ToString(CultureInfo.InvariantCulture),
        ["policy_epoch"] = response.PolicyEpoch.ToString(CultureInfo.InvariantCulture),
        ["rule_id"] = response.RuleId,
        ["rule_index"] = response.HasRuleIndex ? response.RuleIndex.ToString(CultureInfo.InvariantCulture) : "",
        ["evaluated_rules"] = response.EvaluatedRules.ToString(CultureInfo.InvariantCulture),
        ["shadow"] = response.Shadow is { } shadow
            ? ReceivedAnswer.ShadowOf(shadow.Decision == Decision.Allow, shadow.Effect, shadow.ReasonCode, shadow.Policy, shadow.PolicyVersion, shadow.RuleId)
            : "",
        ["denied_resource"] = response.DeniedResource,
        ["reservation"] = response.Reservation?.Token ?? "",
        ["dry_run"] = response.DryRun ? "true" : "",
        ["replayed"] = response.Replayed ? "true" : "",
    };
}
