namespace ControlZero.Server.Audit.Reading;

/// <summary>
/// Which front doors keep the events of their answers on disks of their own, where no silo can read them: what is asked of the log names them, so that it
/// never looks complete when it is not. Key: 0.
/// </summary>
[Alias("cz.IFrontDoorLogs")]
internal interface IFrontDoorLogs : IGrainWithIntegerKey
{
    /// <summary>A front door says that it is there. To be said again within <see cref="FrontDoorNames.Kept"/>.</summary>
    [Alias("Announce")]
    Task AnnounceAsync(string name);

    /// <summary>The names of those that are there.</summary>
    [Alias("Names")]
    Task<string[]> NamesAsync();
}
