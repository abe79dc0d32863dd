using ControlZero.Chaos.Records;
using ControlZero.Protocol.V1;

namespace ControlZero.Chaos.Load;

/// <summary>The policy of a tenant that has one for the whole run.</summary>
internal static class PolicyOfTenant
{
    /// <summary>Publishes it.</summary>
    /// <exception cref="ChaosException">It was not acknowledged.</exception>
    public static async Task PublishAsync(RecordedCalls calls, ChaosTenant tenant, string text)
    {
        calls.Record.Write(new RecordLine { Kind = LineKind.Document, At = calls.Record.Now, Tenant = tenant.Id, Document = 0, Text = text });
        var line = new RecordLine { Kind = LineKind.Invoke, At = 0, Operation = Operation.Publish, Server = 1 };
        var end = await calls.ChangeAsync(tenant, line, tenant.Direct, async (client, options) =>
        {
            var answer = await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = text }, options);
            return (answer.PolicyEpoch, answer.Policy.Version);
        });
        if (end.Kind != LineKind.Ok)
        {
            throw new ChaosException($"the policy of `{tenant.Id}` could not be published before the first fault: {end.Status}");
        }
    }
}
