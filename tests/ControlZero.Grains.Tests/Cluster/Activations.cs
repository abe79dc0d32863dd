using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orleans.Metadata;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>Remembers the newest activation of each grain.</summary>
public sealed class Activations : IConfigureGrainContextProvider, IConfigureGrainContext
{
    private readonly ConcurrentDictionary<GrainId, IGrainContext> _newest = new();

    /// <summary>The newest activation of a grain, whatever became of it.</summary>
    public IGrainContext Of(IAddressable grain) => _newest[grain.GetGrainId()];

    /// <summary>Runs work as a turn of an activation.</summary>
    public static Task RunAsync(IGrainContext activation, Func<Task> work)
    {
        var done = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        activation.Scheduler.QueueAction(() => done.SetResult(work()));
        return done.Task.Unwrap();
    }

    public void Configure(IGrainContext context) => _newest[context.GrainId] = context;

    public bool TryGetConfigurator(GrainType grainType, GrainProperties properties, [NotNullWhen(true)] out IConfigureGrainContext? configurator)
    {
        configurator = this;
        return true;
    }
}
