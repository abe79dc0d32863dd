using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Audit.Reading;

/// <summary>In memory: when its silo dies, another one knows it again at the next announcement of each.</summary>
[GrainType("frontdoorlogs")]
internal sealed class FrontDoorLogs([FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, IFrontDoorLogs
{
    private readonly FrontDoorNames _names = new(clock);

    public Task AnnounceAsync(string name)
    {
        _names.Add(name);
        return Task.CompletedTask;
    }

    public Task<string[]> NamesAsync() => Task.FromResult(_names.Present());
}
