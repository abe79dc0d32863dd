namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>What a row's prose means in bytes and calls.</summary>
/// <param name="SendAsync">Sends every input of the row and asserts each answer.</param>
/// <param name="DesignWins">Where the design answers otherwise than the row says: how, and why. Null where they agree.</param>
internal sealed record RowRun(Func<HostileTarget, Task> SendAsync, string? DesignWins = null);
