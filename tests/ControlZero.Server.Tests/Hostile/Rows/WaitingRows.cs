namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>The rows that attack what this build does not have, each with what it waits for.</summary>
internal static class WaitingRows
{
    private const string Json = "figures in JSON: the front door speaks gRPC alone, whose integers have no other spelling";
    private const string LimitText = "limits in documents: the engine's LimitParsingTests run them";
    private const string Dashboard = "the dashboard";

    public static Dictionary<string, string> All { get; } = new()
    {
        ["E13"] = Json,
        ["E14"] = Json,
        ["E23"] = LimitText,
        ["E26"] = LimitText,
        ["G06"] = "a clock that a caller of the server can set: the engine's ConditionTests run schedules across changes of the clocks",
        ["I06"] = "deleting tenants: design.md section 5 has SuspendTenant in its place",
        ["I07"] = "a limit on tenants: design.md names none",
        ["I11"] = Dashboard,
        ["J09"] = "a fault that a caller can provoke: an INTERNAL answer would itself be the finding, and the fuzz lanes look for one",
    };
}
