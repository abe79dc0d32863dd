using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Storage.Azure;

/// <summary>The configuration of one provider. An empty value is an absent one.</summary>
internal sealed class AzureStorageSection(IConfigurationSection section)
{
    public string? this[string key] => section[key] is { Length: > 0 } value ? value : null;

    /// <summary>The connection string or address: the one that is written here, else the one of that name under <c>ConnectionStrings</c>.</summary>
    public string? Connection(IServiceProvider services) => this["ConnectionString"]
        ?? (this["ConnectionName"] is { } name ? services.GetRequiredService<IConfiguration>().GetConnectionString(name) : null);
}
