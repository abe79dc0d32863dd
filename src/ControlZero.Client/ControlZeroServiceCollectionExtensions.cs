using ControlZero.Client.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace ControlZero.Client;

/// <summary>Registers the client with a host.</summary>
public static class ControlZeroServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="ControlZeroClient"/> as a singleton. Its options come from the configuration section <c>ControlZero</c>,
    /// then from <paramref name="configure"/>, then from the environment; the host does not start when they are invalid.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets options in code. Default: none are.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AddControlZeroClient(this IServiceCollection services, Action<ControlZeroClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.AddSingleton<OptionsSetup>(provider => new(provider.GetService<IConfiguration>()));
        services.AddSingleton<IConfigureOptions<ControlZeroClientOptions>>(provider => provider.GetRequiredService<OptionsSetup>());
        services.AddSingleton<IValidateOptions<ControlZeroClientOptions>>(provider => provider.GetRequiredService<OptionsSetup>());
        var options = services.AddOptions<ControlZeroClientOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(provider => new ControlZeroClient(
            provider.GetRequiredService<IOptions<ControlZeroClientOptions>>().Value,
            provider.GetService<TimeProvider>()));
        return services;
    }
}
