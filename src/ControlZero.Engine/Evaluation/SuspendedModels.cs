using System.Collections.Immutable;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// Models that somebody stopped by hand, held against a request before any policy is. Like every deny it cannot be dodged by spelling: the case
/// of ASCII letters does not count, a variant (<c>:free</c>) is stopped with its model, and who asks a model without naming one is denied too.
/// Immutable, and safe for use by several threads.
/// </summary>
public sealed class SuspendedModels
{
    private static readonly string[] ModelTools = ["llm", "embedding"];

    private static readonly Decision ModelRequired = new()
    {
        Effect = Effect.Deny,
        ReasonCode = ReasonCodes.ResourceRequired,
        RuleId = SyntheticRules.ModelSuspended,
        Reason = "a model is suspended and the request names none; name the model as resource",
    };

    private readonly Dictionary<string, Decision>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly (Glob Pattern, Decision Decision)[] _globs;

    private SuspendedModels(Dictionary<string, Decision> exact, (Glob Pattern, Decision Decision)[] globs)
    {
        _exact = exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _globs = globs;
    }

    /// <summary>Compiles suspensions. Null: there are none.</summary>
    /// <param name="suspensions">What is stopped, as <see cref="Requests.RequestSyntax.CheckModelPattern"/> accepts it, and why; the reason may be empty.</param>
    /// <exception cref="ArgumentException">A pattern was never checked.</exception>
    public static SuspendedModels? Create(IEnumerable<(string Pattern, string Reason)> suspensions)
    {
        ArgumentNullException.ThrowIfNull(suspensions);

        var exact = new Dictionary<string, Decision>(StringComparer.OrdinalIgnoreCase);
        var globs = new List<(Glob, Decision)>();
        foreach (var (pattern, reason) in suspensions)
        {
            var glob = Glob.TryParse(pattern, out var parsed, out var error)
                ? parsed
                : throw new ArgumentException($"the pattern `{pattern}` was never checked: {error}", nameof(suspensions));
            if (!glob.IsLiteral)
            {
                globs.Add((glob, Deny(pattern, reason)));
            }
            else if (!exact.ContainsKey(glob.LiteralPrefix))
            {
                exact.Add(glob.LiteralPrefix, Deny(pattern, reason));
            }
        }

        return exact.Count + globs.Count == 0 ? null : new SuspendedModels(exact, [.. globs]);
    }

    /// <summary>Why a request is denied whatever the policies say, or null: they decide. Allocates nothing.</summary>
    /// <param name="request">The request.</param>
    /// <param name="candidates">Resources of which each must be allowed, after the request's own.</param>
    /// <param name="denied">The first of several candidates that is stopped. Null: none is, or there are no candidates.</param>
    public Decision? Check(in EvaluationRequest request, ImmutableArray<string> candidates, out string? denied)
    {
        denied = null;
        var steps = Limits.DecisionMaxSteps;
        var hasResource = !string.IsNullOrEmpty(request.Resource);
        if (hasResource && Find(request.Resource, ref steps) is { } stopped)
        {
            denied = candidates.IsEmpty ? null : request.Resource;
            return stopped;
        }

        foreach (var candidate in candidates)
        {
            if (Find(candidate, ref steps) is { } candidateStopped)
            {
                denied = candidate;
                return candidateStopped;
            }
        }

        return !hasResource && candidates.IsEmpty && AsksAModel(request.Action) ? ModelRequired : null;
    }

    /// <summary>True when a resource is stopped.</summary>
    public bool Stops(string resource)
    {
        var steps = Limits.DecisionMaxSteps;
        return Find(resource, ref steps) is not null;
    }

    private Decision? Find(ReadOnlySpan<char> resource, ref long steps)
    {
        // The whole name, then what stands before its variants: `model/openai/gpt-4:free` is gpt-4, served by somebody else.
        for (var end = resource.Length; end > 0; end = resource[..end].LastIndexOf(':'))
        {
            var name = resource[..end];
            if ((steps -= end) < 0)
            {
                return DefaultDecisions.EvaluationLimit;
            }

            if (_exact.TryGetValue(name, out var decision))
            {
                return decision;
            }

            foreach (var (pattern, stopped) in _globs)
            {
                if ((steps -= pattern.Cost(name)) < 0)
                {
                    return DefaultDecisions.EvaluationLimit;
                }

                if (pattern.IsMatchIgnoringAsciiCase(name))
                {
                    return stopped;
                }
            }
        }

        return null;
    }

    private static bool AsksAModel(ReadOnlySpan<char> action)
    {
        var end = action.IndexOfAny(':', '.');
        var tool = end < 0 ? action : action[..end];
        foreach (var known in ModelTools)
        {
            if (tool.Equals(known, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static Decision Deny(string pattern, string reason)
    {
        var what = $"`{pattern}` is suspended";
        return new Decision
        {
            Effect = Effect.Deny,
            ReasonCode = ReasonCodes.ModelSuspended,
            RuleId = SyntheticRules.ModelSuspended,
            Reason = reason.Length == 0 ? what : $"{what}: {reason}",
        };
    }
}
