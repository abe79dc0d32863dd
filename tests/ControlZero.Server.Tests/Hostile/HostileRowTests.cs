using ControlZero.Server.Tests.Hostile.Rows;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Protocol.V1;
using Xunit.Abstractions;

namespace ControlZero.Server.Tests.Hostile;

/// <summary>Every row of tests/conformance/hostile-inputs.jsonl against a running server.</summary>
[Collection(RunningServerCollection.Name)]
[TestCaseOrderer("ControlZero.Server.Tests.Hostile.SummaryLast", "ControlZero.Server.Tests")]
public sealed class HostileRowTests(RunningServer server, HostileRowTests.Tally tally, ITestOutputHelper output) : IClassFixture<HostileRowTests.Tally>
{
    private static readonly Dictionary<string, RowRun> Runs = new[]
    {
        CredentialRows.All, MessageRows.All, TransportRows.All, NameRows.All, ContextRows.All, LimitRows.All, OrderRows.All, PolicyRows.All, OutputRows.All, OwnServerRows.All,
    }.SelectMany(group => group).ToDictionary();

    public static TheoryData<string> Rows() => [.. HostileRow.All.Keys.Where(Runs.ContainsKey)];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Row_SentToARunningServer_IsAnsweredAsItSaysAndChangesNothing(string id)
    {
        var run = Runs[id];
        var target = await HostileTarget.CreateAsync(server);
        target.Before = await target.SnapshotAsync();
        var used = await target.UsageAsync();
        output.WriteLine($"{id}: {run.DesignWins ?? "as the row says"}");

        await run.SendAsync(target);

        AssertAsTheRowSays(HostileRow.All[id], run, target);
        Assert.Equal(target.Before, await target.SnapshotAsync());
        await target.RemoveLimitsAsync();
        Assert.Equal(used + target.Decisions, await target.UsageAsync());
        Assert.Equal(Decision.Allow, (await target.DecideAsync(HostileTarget.Ask())).Decision);
        tally.Passed++;
    }

    [Fact]
    public void Rows_AllOfThem_AreRunOrWaitForAFeature()
    {
        output.WriteLine($"{tally.Passed} of {HostileRow.All.Count} rows passed, {WaitingRows.All.Count} wait for features:");
        foreach (var (id, feature) in WaitingRows.All)
        {
            output.WriteLine($"  {id} {HostileRow.All[id].Input} waits for {feature}");
        }

        Assert.Equal(HostileRow.All.Keys.Order(), Runs.Keys.Concat(WaitingRows.All.Keys).Order());
    }

    // The prose names every status and code that was seen, unless the design says otherwise.
    private static void AssertAsTheRowSays(HostileRow row, RowRun run, HostileTarget target)
    {
        foreach (var (code, reason) in run.DesignWins is null ? target.Failures : [])
        {
            Assert.Contains(code.ToString(), row.Expect.Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
            Assert.True(
                reason.Length == 0 || row.Shape == "—" || reason == "POLICY_INVALID" || row.Shape.Contains(reason, StringComparison.Ordinal),
                $"{row.Id} was answered {reason}, the row says {row.Shape}");
        }
    }

    /// <summary>How many rows passed in this run.</summary>
    public sealed class Tally
    {
        public int Passed { get; set; }
    }
}
