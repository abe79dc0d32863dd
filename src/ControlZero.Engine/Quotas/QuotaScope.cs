namespace ControlZero.Engine.Quotas;

/// <summary>Who shares a limit: the word behind <c>per</c>.</summary>
public enum QuotaScope
{
    /// <summary>Not stated. Never the scope of a limit.</summary>
    Unspecified = 0,

    /// <summary>Each agent has the limit for itself.</summary>
    Agent = 1,

    /// <summary>All agents of the tenant share it.</summary>
    Tenant = 2,
}

/// <summary>How scopes are spelled.</summary>
public static class QuotaScopes
{
    /// <summary>The word for a scope, as documents and answers spell it.</summary>
    public static string ToWord(this QuotaScope scope) => scope switch
    {
        QuotaScope.Agent => "agent",
        QuotaScope.Tenant => "tenant",
        _ => "unspecified",
    };

    /// <summary>Reads the word for a scope. Case-sensitive; false for any other word.</summary>
    public static bool TryParse(string word, out QuotaScope scope)
    {
        scope = word switch
        {
            "agent" => QuotaScope.Agent,
            "tenant" => QuotaScope.Tenant,
            _ => QuotaScope.Unspecified,
        };
        return scope != QuotaScope.Unspecified;
    }
}
