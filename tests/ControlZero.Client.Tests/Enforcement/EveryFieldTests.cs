using ControlZero.Client.Enforcement;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>What the protocol lets a caller say, a program can say by this client. A field that is new in the protocol fails here until it can.</summary>
public sealed class EveryFieldTests
{
    [Fact]
    public void Question_CanSayAllOfIt() => AssertWhole(DecisionMapping.ToRequest(new EnforceQuery
    {
        Action = "a:x",
        Resource = "r",
        CandidateResources = ["c"],
        AgentId = "bot",
        Context = new Dictionary<string, object?> { ["k"] = "v" },
        Estimate = new EnforceEstimate { InputTokens = 1, MaxOutputTokens = 1, CostNanosUsd = 1 },
        RequestId = "mine",
        DryRun = true,
        MinPolicyEpoch = 1,
    }));

    [Fact]
    public void Settlement_CanSayAllOfIt() => AssertWhole(LimitMapping.ToSettle(
        new Settlement
        {
            Token = "held",
            ResponseModel = "model/m",
            Usage = new CallUsage { InputTokens = 1, OutputTokens = 1, CachedInputTokens = 1, CacheWriteTokens = 1, ReasoningTokens = 1, CostNanosUsd = 1 },
        },
        "bot"));

    [Fact]
    public void AccessQuery_CanSayAllOfIt() => AssertWhole(LimitMapping.ToAccess(
        new AccessQuery { Action = "a:x", Resources = ["r"], AllowedOnly = true, PageSize = 1, PageToken = "next" }, "bot"));

    private static void AssertWhole(IMessage message) => Assert.Equal(message.Descriptor.Fields.InDeclarationOrder().Select(Name), Said(message).Select(Name));

    // Into the protocol's own messages, but not into facts of the caller's.
    private static IEnumerable<FieldDescriptor> Said(IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            var value = field.Accessor.GetValue(message);
            if (value is IMessage inner && inner.Descriptor.File.Package == message.Descriptor.File.Package)
            {
                AssertWhole(inner);
            }

            if (field.HasPresence ? field.Accessor.HasValue(message) : value is not (null or "" or 0 or 0UL or false or System.Collections.ICollection { Count: 0 }))
            {
                yield return field;
            }
        }
    }

    private static string Name(FieldDescriptor field) => field.FullName;
}
