namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>The rows that attack what this build does not have, each with what it waits for.</summary>
internal static class WaitingRows
{
    private const string Json = "figures in JSON: the front door speaks gRPC alone, whose integers have no other spelling";

    public static Dictionary<string, string> All { get; } = new()
    {
        ["E13"] = Json,
        ["E14"] = Json,
        ["I11"] = "the dashboard, which is not built",
    };
}
