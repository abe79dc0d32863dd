namespace ControlZero.Storage.Tests.Contract;

/// <summary>Where a record is: the name of the state, and the grain's type and key.</summary>
public sealed record RecordAddress(string StateName, string GrainType, string Key)
{
    public GrainId Grain => GrainId.Create(GrainType, Key);
}
