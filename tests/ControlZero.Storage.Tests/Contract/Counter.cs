namespace ControlZero.Storage.Tests.Contract;

/// <summary>A state to store.</summary>
[GenerateSerializer, Alias("cz.tests.Counter")]
public sealed class Counter
{
    [Id(0)]
    public int Value { get; set; }

    [Id(1)]
    public string? Text { get; set; }
}
