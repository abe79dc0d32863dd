using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ControlZero.Client;
using ControlZero.Protocol.V1;

namespace ControlZero.Integration.Tests.Restart;

/// <summary>Publishes numbered documents of one policy as fast as it can, and keeps what was sent and what was acknowledged.</summary>
/// <param name="policy">Name of the policy.</param>
internal sealed class PublishLog(string policy)
{
    private readonly ConcurrentQueue<Acknowledged> _acknowledged = new();

    /// <summary>Name of the policy.</summary>
    public string Policy => policy;

    /// <summary>What was acknowledged, in order.</summary>
    public IReadOnlyCollection<Acknowledged> All => _acknowledged;

    /// <summary>The document sent last. It may or may not have been acknowledged.</summary>
    public string LastSent { get; private set; } = "";

    /// <summary>Publishes until the server is gone.</summary>
    /// <param name="client">A client that makes one attempt.</param>
    /// <param name="onAcknowledged">Told of every acknowledgement.</param>
    public async Task RunAsync(ControlZeroClient client, Action onAcknowledged)
    {
        for (var number = 1; ; number++)
        {
            LastSent = Document(number);
            PublishPolicyResponse answer;
            try
            {
                answer = await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = LastSent });
            }
            catch (ControlZeroException)
            {
                return;
            }

            _acknowledged.Enqueue(new Acknowledged(answer.Policy.Version, answer.PolicyEpoch, LastSent));
            onAcknowledged();
        }
    }

    /// <summary>A document that no other number has; its rule says which it is.</summary>
    public string Document(int number) =>
        $$"""{ "name": "{{policy}}", "rules": [ { "id": "{{policy}}-{{number}}", "allow": "{{policy}}:use" } ] }""";

    /// <summary>What the server is to answer as the digest of a document.</summary>
    public static string Digest(string document) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document)));
}

/// <summary>A publish that the server acknowledged.</summary>
/// <param name="Version">The version it became.</param>
/// <param name="Epoch">The epoch that put it in force.</param>
/// <param name="Document">What was published.</param>
internal sealed record Acknowledged(long Version, ulong Epoch, string Document);
