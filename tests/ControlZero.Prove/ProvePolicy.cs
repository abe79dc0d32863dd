namespace ControlZero.Prove;

/// <summary>The policy of the proof: two actions, each under one limit. The windows are as long as a window may be, so that no run crosses an edge.</summary>
internal static class ProvePolicy
{
    public const string OwnAction = "prove.own";
    public const string SharedAction = "prove.shared";
    public const string OwnLimit = "own";
    public const string SharedLimit = "shared";

    public static string Document(long limit) => $$"""
        { "version": "1", "name": "prove",
          "rules": [ { "effect": "allow", "actions": ["{{OwnAction}}", "{{SharedAction}}"] } ],
          "limits": [
            { "name": "{{OwnLimit}}", "metric": "requests", "limit": {{limit}}, "window": "366d", "per": "agent", "action": "{{OwnAction}}" },
            { "name": "{{SharedLimit}}", "metric": "requests", "limit": {{limit}}, "window": "366d", "per": "tenant", "action": "{{SharedAction}}" } ] }
        """;
}
