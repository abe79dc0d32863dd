using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Serialization;

namespace ControlZero.Storage.Tests;

/// <summary>The services of a silo that is never started, for one provider at a time.</summary>
internal sealed class TestSilo : ISiloBuilder
{
    public TestSilo(string serviceId, string clusterId = "cluster")
    {
        Services.AddSerializer();
        Services.AddLogging();
        Services.Configure<ClusterOptions>(options =>
        {
            options.ServiceId = serviceId;
            options.ClusterId = clusterId;
        });
        this.UseSystemTextJsonGrainStorageSerializer();
    }

    public IServiceCollection Services { get; } = new ServiceCollection();

    public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();

    /// <summary>Runs what a provider has to do before it serves.</summary>
    public static async Task StartAsync(ILifecycleParticipant<ISiloLifecycle> provider)
    {
        var lifecycle = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        provider.Participate(lifecycle);
        await lifecycle.OnStart(CancellationToken.None);
    }
}
