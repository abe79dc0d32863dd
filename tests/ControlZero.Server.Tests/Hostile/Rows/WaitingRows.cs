namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>The rows that attack what this build does not have, each with what it waits for.</summary>
internal static class WaitingRows
{
    private const string Quotas = "estimates, settling and limits: until then Enforce and Publish refuse those fields (UNIMPLEMENTED_FEATURE)";
    private const string Dashboard = "the dashboard";

    public static Dictionary<string, string> All { get; } = new()
    {
        ["E01"] = Quotas,
        ["E04"] = Quotas,
        ["E07"] = Quotas,
        ["E11"] = Quotas,
        ["E12"] = Quotas,
        ["E13"] = Quotas,
        ["E14"] = Quotas,
        ["E15"] = Quotas,
        ["E16"] = Quotas,
        ["E17"] = Quotas,
        ["E19"] = Quotas,
        ["E20"] = Quotas,
        ["E22"] = Quotas,
        ["E23"] = Quotas,
        ["E26"] = Quotas,
        ["E28"] = Quotas,
        ["G05"] = "a request with a Duration: no message has one (AdjustQuota will)",
        ["G06"] = "a clock that a caller of the server can set: the engine's ConditionTests run schedules across changes of the clocks",
        ["G14"] = Quotas,
        ["I06"] = "deleting tenants: design.md section 5 has SuspendTenant in its place",
        ["I07"] = "a limit on tenants: design.md names none",
        ["I11"] = Dashboard,
        ["J09"] = "a fault that a caller can provoke: an INTERNAL answer would itself be the finding, and the fuzz lanes look for one",
        ["J10"] = "an export as CSV: there is none, exports are JSON lines and Parquet",
    };
}
