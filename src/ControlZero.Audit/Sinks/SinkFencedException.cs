namespace ControlZero.Audit.Sinks;

/// <summary>Somebody else has sealed the segment: this silo was taken for dead and must not go on writing it.</summary>
public sealed class SinkFencedException(string message) : Exception(message);
