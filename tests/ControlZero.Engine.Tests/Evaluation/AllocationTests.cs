using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Tests.Oracle;
using CsCheck;

namespace ControlZero.Engine.Tests.Evaluation;

public class AllocationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public void Evaluate_GeneratedCasesOfEveryKind_AllocatesNothing(int indexFrom)
    {
        var seed = new PCG(1);
        var cases = Enumerable.Range(0, 50).SelectMany(_ =>
        {
            var policies = GeneratedCases.Policies.Generate(seed, null, out var _).Select(policy => CompiledPolicy.Compile(policy, 1));
            var set = PolicySet.Create(policies, Engine.Policies.Effect.Deny, indexFrom);
            return Enumerable.Range(0, 50).Select(_ => GeneratedCases.Request.Generate(seed, null, out var _))
                .Select(request => (Rules: set.For(request.AgentId), Request: request));
        }).ToArray();
        Run(cases);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(cases);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int Run((EffectiveRules Rules, EvaluationRequest Request)[] cases)
    {
        var allowed = 0;
        for (var i = 0; i < cases.Length; i++)
        {
            allowed += cases[i].Rules.Evaluate(in cases[i].Request).Decision.Allowed ? 1 : 0;
            foreach (var limit in cases[i].Rules.QuotaLimits)
            {
                allowed += limit.Applies(cases[i].Request.Action, cases[i].Request.Resource) ? 1 : 0;
            }
        }

        return allowed;
    }
}
