using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Grains.Cluster;

/// <summary>Registers what silos say of themselves.</summary>
public static class ClusterFactsExtensions
{
    /// <summary>Lets other silos ask this one about itself. An <see cref="ISiloFactsSource"/> must be registered too.</summary>
    public static ISiloBuilder AddClusterFacts(this ISiloBuilder builder)
    {
        builder.Services.AddSingleton<ClusterFacts>();
        builder.Services.AddSingleton<IClusterView>(services => services.GetRequiredService<ClusterFacts>());
        builder.AddGrainService<SiloFactsService>();
        return builder;
    }
}
