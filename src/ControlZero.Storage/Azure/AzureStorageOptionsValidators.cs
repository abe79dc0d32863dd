using System.Text.RegularExpressions;
using Orleans.Configuration;

namespace ControlZero.Storage.Azure;

/// <summary>Checks the options of one table provider at the silo's start and names every fault.</summary>
internal sealed class AzureTableStorageOptionsValidator(AzureTableStorageOptions options, string serviceId, string name) : IConfigurationValidator
{
    public void ValidateConfiguration() => OptionFaults.Throw(
        name,
        OptionFaults.Missing(nameof(options.TableServiceClient), options.TableServiceClient),
        OptionFaults.Table().IsMatch(options.TableName)
            ? null
            : $"`TableName` is `{options.TableName}`; it takes 3 to 63 letters and digits, a letter first",
        serviceId.AsSpan().IndexOfAny("/\\#?_") < 0
            ? null
            : $"`ServiceId` is `{serviceId}`; with `/ \\ # ?` or `_` in it two services could share a record in one table; use `-` or `.`");
}

/// <summary>Checks the options of one blob provider at the silo's start and names every fault.</summary>
internal sealed class AzureBlobStorageOptionsValidator(AzureBlobStorageOptions options, string name) : IConfigurationValidator
{
    public void ValidateConfiguration() => OptionFaults.Throw(
        name,
        OptionFaults.Missing(nameof(options.BlobServiceClient), options.BlobServiceClient),
        OptionFaults.Container().IsMatch(options.ContainerName)
            ? null
            : $"`ContainerName` is `{options.ContainerName}`; it takes 3 to 63 lower-case letters, digits and single inner dashes");
}

internal static partial class OptionFaults
{
    public static void Throw(string name, params string?[] faults)
    {
        var found = faults.OfType<string>().ToArray();
        if (found.Length > 0)
        {
            throw new OrleansConfigurationException($"grain storage `{name}`: {string.Join("; ", found)}");
        }
    }

    public static string? Missing(string option, object? client) => client is null
        ? $"`{option}` is not set; give a client, or in the configuration a `ConnectionString`, a `ConnectionName` or a `ServiceKey`"
        : null;

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,62}\\z")]
    public static partial Regex Table();

    [GeneratedRegex("^(?=.{3,63}\\z)[a-z0-9]+(-[a-z0-9]+)*\\z")]
    public static partial Regex Container();
}
