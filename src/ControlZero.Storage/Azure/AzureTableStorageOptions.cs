using System.Diagnostics.CodeAnalysis;
using Azure.Data.Tables;
using ControlZero.Storage.Azure;
using Orleans.Storage;

namespace Orleans.Configuration;

/// <summary>Options of grain storage in an Azure table, named as in the official provider. For small records that change often.</summary>
public sealed class AzureTableStorageOptions : IStorageProviderSerializerOptions
{
    /// <summary>Default of <see cref="TableName"/>.</summary>
    [SuppressMessage("Naming", "CA1707", Justification = "The official provider's name")]
    public const string DEFAULT_TABLE_NAME = "OrleansGrainState";

    /// <summary>Default of <see cref="InitStage"/>.</summary>
    [SuppressMessage("Naming", "CA1707", Justification = "The official provider's name")]
    public const int DEFAULT_INIT_STAGE = ServiceLifecycleStage.ApplicationServices;

    /// <summary>The table, made at the silo's start when it is not there: 3 to 63 letters and digits, a letter first. Default: <c>OrleansGrainState</c>.</summary>
    public string TableName { get; set; } = DEFAULT_TABLE_NAME;

    /// <summary>
    /// The account's client; required. Make it with <see cref="ClientOptions"/> or <see cref="AzureStorageClients"/>, whose time-outs are
    /// short: the default ones of the library keep a grain waiting for minutes.
    /// </summary>
    public TableServiceClient? TableServiceClient { get; set; }

    /// <summary>Options for making the client. Default: an answer within 2.5 s, no retries by the library (the provider makes its own).</summary>
    public TableClientOptions ClientOptions { get; set; } = AzureStorageClients.ShortTimeouts(new TableClientOptions());

    /// <summary>Whether clearing a state deletes its row. Default: false, the row stays without data.</summary>
    public bool DeleteStateOnClear { get; set; }

    /// <summary>Whether the state is stored as text instead of bytes; either is read. For serializers that write UTF-8 only. Default: false.</summary>
    public bool UseStringFormat { get; set; }

    /// <summary>Stage of the silo's start at which the table is made. Default: <c>ApplicationServices</c>.</summary>
    public int InitStage { get; set; } = DEFAULT_INIT_STAGE;

    /// <summary>Turns state into bytes and back. Default: the one registered under the provider's name, else the silo's.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}
