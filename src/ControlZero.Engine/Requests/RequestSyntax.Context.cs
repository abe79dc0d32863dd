using ControlZero.Engine.Context;

namespace ControlZero.Engine.Requests;

public static partial class RequestSyntax
{
    private static readonly string[] ReservedKeys = ["agent_id", "tenant_id", "agent", "request", "estimate", "cz"];
    private static readonly string[] ReservedPrefixes = ["agent.", "request.", "estimate.", "cz.", "czc."];

    /// <summary>
    /// Checks a request's context: an object of at most 64 entries, fields and items of all levels counted; keys of 1 to 128 characters; no
    /// value over 4 KiB, no more than 64 KiB in all, no nesting beyond 16 levels, no number that is not finite, and at its
    /// top no key of the server's own.
    /// </summary>
    public static FieldFault? CheckContext(ContextValue context) => context.Kind == ContextKind.Object
        ? new ContextWalk().Check(context)
        : new("context", FaultCodes.FieldType, "context is not an object", "give it named values");

    /// <summary>True for a key at the top of a context that only the server may say something under.</summary>
    internal static bool IsReserved(string key)
    {
        foreach (var prefix in ReservedPrefixes)
        {
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return Array.IndexOf(ReservedKeys, key) >= 0;
    }
}
