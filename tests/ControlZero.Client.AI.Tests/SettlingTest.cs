using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;

namespace ControlZero.Client.AI.Tests;

/// <summary>A test whose cluster allows everything and holds something for each call.</summary>
public abstract class SettlingTest : AITest
{
    protected SettlingTest() => Prepare = () =>
    {
        Cluster.On<EnforceRequest>(_ =>
        {
            var allow = Answers.Allow();
            allow.Reservation = new Reservation { Token = "held" };
            return allow;
        });
        Cluster.On<SettleRequest>(_ => new SettleResponse());
        Cluster.On<CancelRequest>(_ => new CancelResponse());
    };

    /// <summary>What was settled, once nothing is under way any more.</summary>
    internal async Task<IReadOnlyList<SettleRequest>> SettledAsync()
    {
        await ControlZero.DisposeAsync();
        return Cluster.Received<SettleRequest>();
    }

    internal static SettleRequest Settle(string agent, Usage? usage, string model) => new() { Token = "held", AgentId = agent, Usage = usage, ResponseModel = model };
}
