using System.Collections.Immutable;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Tests.Oracle;
using CsCheck;

namespace ControlZero.Engine.Tests.Evaluation;

public class LawTests
{
    private const string Seed = "0000000000001";
    private const int Sets = 3_000;

    private static readonly Gen<EvaluationRequest[]> Requests = GeneratedCases.Request.Array[20];

    [Fact]
    public void ADenyRule_PutIntoAPolicyAnywhere_NeverLetsThroughWhatWasDenied()
    {
        Gen.Select(GeneratedCases.Policies, GeneratedCases.Policy, Gen.Int[0, 1_000], Requests).Sample(
            (policies, donor, place, requests) =>
            {
                if (policies.Length == 0)
                {
                    return;
                }

                var target = place % policies.Length;
                var rules = policies[target].Rules;
                var deny = donor.Rules[0] with { Effect = Effect.Deny };
                var stricter = Replace(policies, target, rules.Insert(place % (rules.Length + 1), deny));
                foreach (var request in requests)
                {
                    Assert.True(Allows(policies, request) || !Allows(stricter, request), request.ToString());
                }
            },
            seed: Seed, iter: Sets, threads: 1);
    }

    [Fact]
    public void APermittingRule_TakenOutOfAPolicyThatKeepsAnother_NeverLetsThroughWhatWasDenied()
    {
        Gen.Select(GeneratedCases.Policies, Gen.Int[0, 1_000], Requests).Sample(
            (policies, place, requests) =>
            {
                var target = Array.FindIndex(policies, policy => policy.Rules.Length > 1 && policy.Rules.Any(rule => rule.Effect.Permits()));
                if (target < 0)
                {
                    return;
                }

                var permitting = policies[target].Rules.Where(rule => rule.Effect.Permits()).ToArray();
                var fewer = Replace(policies, target, policies[target].Rules.Remove(permitting[place % permitting.Length]));
                foreach (var request in requests)
                {
                    Assert.True(Allows(policies, request) || !Allows(fewer, request), request.ToString());
                }
            },
            seed: Seed, iter: Sets, threads: 1);
    }

    [Fact]
    public void AmongDenyRulesAlone_AnotherLetterCaseOrNoResource_NeverLetsThroughWhatWasDenied()
    {
        Gen.Select(GeneratedCases.Policies, Requests).Sample(
            (policies, requests) =>
            {
                var denying = policies.Select(policy => policy with
                {
                    DefaultAction = Effect.Allow,
                    Rules = [.. policy.Rules.Select(rule => rule with { Effect = Effect.Deny })],
                }).ToArray();
                foreach (var request in requests.Where(request => !Allows(denying, request)))
                {
                    Assert.False(Allows(denying, request with { Resource = null }), request.ToString());
                    Assert.False(Allows(denying, request with { Action = Flip(request.Action), Resource = request.Resource is null ? null : Flip(request.Resource) }), request.ToString());
                }
            },
            seed: Seed, iter: Sets, threads: 1);
    }

    private static string Flip(string text) =>
        string.Concat(text.Select(letter => char.IsAsciiLetter(letter) ? (char)(letter ^ 0x20) : letter));

    private static PolicyDocument[] Replace(PolicyDocument[] policies, int index, ImmutableArray<PolicyRule> rules) =>
        [.. policies.Select((policy, i) => i == index ? policy with { Rules = GeneratedCases.Numbered(rules) } : policy)];

    private static bool Allows(PolicyDocument[] policies, EvaluationRequest request) =>
        PolicySet.Create(policies.Select(policy => CompiledPolicy.Compile(policy, 1)), Effect.Allow)
            .For(request.AgentId).Evaluate(in request).Decision.Allowed;
}
