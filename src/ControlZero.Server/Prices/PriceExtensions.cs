using ControlZero.Grains.Hosting;
using ControlZero.Engine.Quotas;

namespace ControlZero.Server.Prices;

/// <summary>Gives the server its prices.</summary>
internal static class PriceExtensions
{
    /// <summary>Adds the book of prices in the place of none.</summary>
    public static IServiceCollection AddPrices(this IServiceCollection services, PriceSettings settings) => services
        .AddSingleton(provider => new PriceBook(
            settings, provider.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key), provider.GetRequiredService<ILogger<PriceBook>>()))
        .AddSingleton<IModelPrices>(provider => provider.GetRequiredService<PriceBook>())
        .AddHostedService(provider => provider.GetRequiredService<PriceBook>());
}
