using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Chaos.Load;

/// <summary>
/// Changes what is in force in one tenant, one change after the other: publishes, suspends agents and models, resumes them some seconds later. An
/// agent of which it is not known whether it is resumed is left alone from then on, and another takes its place; a model is left alone.
/// </summary>
internal sealed class TenantWriter
{
    private const int MostSuspended = 12;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(150);

    // Longer than the bound: it must be seen that nobody is allowed after it.
    private static readonly TimeSpan ShortestSuspension = TimeSpan.FromSeconds(3.5);

    private readonly RecordedCalls _calls;
    private readonly ChaosTenant _tenant;
    private readonly int _servers;
    private readonly Random _random;
    private readonly Queue<(string Agent, string Model, long Since)> _suspended = new();
    private readonly List<string> _free;
    private readonly List<string> _freeModels;
    private int _spares;
    private int _number;
    private long? _version;

    public TenantWriter(RecordedCalls calls, ChaosTenant tenant, int servers, bool models, int seed)
    {
        _calls = calls;
        _tenant = tenant;
        _servers = servers;
        _random = new Random(seed);
        _free = [.. tenant.Agents];
        _freeModels = models ? [.. TestPolicies.ModelPatterns] : [];
    }

    /// <summary>Called when a change is about to be sent.</summary>
    public Action<Operation>? Sending { get; set; }

    /// <summary>The only kind of change to make for now, without pause. Null: all kinds, at leisure.</summary>
    public Operation? Only { get; set; }

    /// <summary>Publishes the policy that never changes and the first text of the other.</summary>
    public async Task BeginAsync()
    {
        _calls.Record.Write(new RecordLine { Kind = LineKind.Document, At = _calls.Record.Now, Tenant = _tenant.Id, Document = 0, Text = TestPolicies.Base });
        await PublishAsync(0, TestPolicies.Base, null);
        _version = 0;
        await PublishNextAsync();
        if (_number != 1 || _version is not > 0)
        {
            throw new ChaosException($"the policies of `{_tenant.Id}` could not be published before the first fault");
        }
    }

    /// <summary>Makes changes until it is told to end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        while (!stop.IsCancellationRequested)
        {
            if (!await ChangeAsync() || Only is null)
            {
                await WaitAsync(pace, stop);
            }
        }
    }

    private static async Task WaitAsync(PeriodicTimer pace, CancellationToken stop)
    {
        try
        {
            await pace.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // The loop looks for itself.
        }
    }

    // False: it did not come to a good end.
    private async Task<bool> ChangeAsync()
    {
        var isDue = _suspended.TryPeek(out var oldest) && _calls.Record.Now - oldest.Since > ShortestSuspension.TotalMicroseconds;
        if (Only != Operation.Publish && (_suspended.Count >= MostSuspended || (isDue && _random.Next(2) == 0)))
        {
            return await ResumeAsync();
        }

        var draw = _random.Next(12);
        return Only is null && draw == 0 && _freeModels.Count > 0 ? await SuspendModelAsync()
            : Only == Operation.SuspendAgent || (Only is null && draw < 4) ? await SuspendAsync()
            : await PublishNextAsync();
    }

    private async Task<bool> PublishNextAsync()
    {
        // After a publish of which it is not known what became, what is there is read, so that it cannot happen later unnoticed.
        _version ??= await ReadVersionAsync();
        if (_version is not { } version)
        {
            return false;
        }

        var number = ++_number;
        var text = TestPolicies.Text(number, _random);
        _calls.Record.Write(new RecordLine { Kind = LineKind.Document, At = _calls.Record.Now, Tenant = _tenant.Id, Document = number, Text = text });
        var end = await PublishAsync(number, text, version);
        _version = end.Kind == LineKind.Ok ? end.Version : null;
        return _version is not null;
    }

    private Task<RecordLine> PublishAsync(int number, string text, long? expected)
    {
        var request = new PublishPolicyRequest { Document = text };
        if (expected is { } version)
        {
            request.ExpectedVersion = version;
        }

        return SendAsync(Operation.Publish, "", "", number, async (client, options) =>
        {
            var answer = await client.Policies.PublishPolicyAsync(request, options);
            return (answer.PolicyEpoch, answer.Policy.Version);
        });
    }

    private async Task<long?> ReadVersionAsync()
    {
        try
        {
            var deadline = (TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(2)).UtcDateTime;
            return (await Any().Policies.GetPolicyAsync(new GetPolicyRequest { Name = TestPolicies.Turning }, deadline: deadline)).VersionInForce;
        }
        catch (ControlZeroException error) when (error.StatusCode == StatusCode.NotFound)
        {
            return 0;
        }
        catch (ControlZeroException)
        {
            return null;
        }
    }

    private async Task<bool> SuspendAsync()
    {
        var agent = _free.Count > 0 ? _free[_random.Next(_free.Count)] : $"spare-{++_spares}";
        _free.Remove(agent);
        _tenant.Suspended[agent] = true;
        var end = await SendAsync(Operation.SuspendAgent, agent, "", 0, async (client, options) =>
        {
            var answer = await client.Agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = agent, Reason = "chaos" }, options);
            return (answer.PolicyEpoch, 0);
        });
        _suspended.Enqueue((agent, "", _calls.Record.Now));
        return end.Kind == LineKind.Ok;
    }

    private async Task<bool> SuspendModelAsync()
    {
        var model = _freeModels[_random.Next(_freeModels.Count)];
        _freeModels.Remove(model);
        var end = await SendAsync(Operation.SuspendModel, "", model, 0, async (client, options) =>
            ((await client.Models.SuspendModelAsync(new SuspendModelRequest { Model = model, Reason = "chaos" }, options)).PolicyEpoch, 0));
        _suspended.Enqueue(("", model, _calls.Record.Now));
        return end.Kind == LineKind.Ok;
    }

    private async Task<bool> ResumeAsync()
    {
        var (agent, model, _) = _suspended.Dequeue();
        var end = model.Length > 0
            ? await SendAsync(Operation.ResumeModel, "", model, 0, async (client, options) =>
                ((await client.Models.ResumeModelAsync(new ResumeModelRequest { Model = model }, options)).PolicyEpoch, 0))
            : await SendAsync(Operation.ResumeAgent, agent, "", 0, async (client, options) =>
                ((await client.Agents.ResumeAgentAsync(new ResumeAgentRequest { AgentId = agent }, options)).PolicyEpoch, 0));
        _tenant.Suspended.TryRemove(agent, out _);
        if (end.Kind == LineKind.Ok)
        {
            (model.Length > 0 ? _freeModels : _free).Add(model.Length > 0 ? model : agent);
        }

        return end.Kind == LineKind.Ok;
    }

    private Task<RecordLine> SendAsync(
        Operation operation, string agent, string model, int document, Func<ControlZeroClient, CallOptions, Task<(ulong Epoch, long Version)>> change)
    {
        var asked = new RecordLine
        {
            Kind = LineKind.Invoke,
            At = 0,
            Operation = operation,
            Agent = agent,
            Resource = model,
            Document = document,
            Server = 1 + _random.Next(_servers),
        };
        Sending?.Invoke(operation);
        return _calls.ChangeAsync(_tenant, asked, _tenant.Direct, change);
    }

    private ControlZeroClient Any() => _tenant.Direct[_random.Next(_servers)];
}
