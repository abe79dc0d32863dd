using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Blobs;
using ControlZero.Storage.Azure;
using Orleans.Storage;

namespace Orleans.Configuration;

/// <summary>Options of grain storage in Azure blobs, named as in the official provider. For records that are large or rarely change.</summary>
public sealed class AzureBlobStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>Default of <see cref="ContainerName"/>.</summary>
    [SuppressMessage("Naming", "CA1707", Justification = "The official provider's name")]
    public const string DEFAULT_CONTAINER_NAME = "grainstate";

    /// <summary>Default of <see cref="InitStage"/>.</summary>
    [SuppressMessage("Naming", "CA1707", Justification = "The official provider's name")]
    public const int DEFAULT_INIT_STAGE = ServiceLifecycleStage.ApplicationServices;

    /// <summary>
    /// The container, made at the silo's start when it is not there: 3 to 63 lower-case letters, digits and single inner dashes.
    /// Default: <c>grainstate</c>.
    /// </summary>
    public string ContainerName { get; set; } = DEFAULT_CONTAINER_NAME;

    /// <summary>
    /// The account's client; required. Make it with <see cref="ClientOptions"/> or <see cref="AzureStorageClients"/>, whose time-outs are
    /// short: the default ones of the library keep a grain waiting for minutes.
    /// </summary>
    public BlobServiceClient? BlobServiceClient { get; set; }

    /// <summary>Options for making the client. Default: an answer within 2.5 s, no retries by the library (the provider makes its own).</summary>
    public BlobClientOptions ClientOptions { get; set; } = AzureStorageClients.ShortTimeouts(new BlobClientOptions());

    /// <summary>Whether clearing a state deletes its blob. Default: true; otherwise an empty blob stays.</summary>
    public bool DeleteStateOnClear { get; set; } = true;

    /// <summary>Stage of the silo's start at which the container is made. Default: <c>ApplicationServices</c>.</summary>
    public int InitStage { get; set; } = DEFAULT_INIT_STAGE;

    /// <summary>Turns state into bytes and back. Default: the one registered under the provider's name, else the silo's.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;

    /// <summary>Makes what says in which container a grain's blobs are. Default: <see cref="ContainerName"/> for all.</summary>
    public Func<IServiceProvider, AzureBlobStorageOptions, IBlobContainerFactory> BuildContainerFactory { get; set; } =
        static (_, options) => new DefaultBlobContainerFactory(options);
}
