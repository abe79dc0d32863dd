namespace ControlZero.Server.Hosting.Configuration;

/// <summary>A setting as somebody wrote it.</summary>
/// <param name="Path">Section and key: <c>Listen:Grpc</c>, in the writer's own letter case.</param>
/// <param name="Value">What was written. Null: nothing, or the beginning of a section.</param>
/// <param name="Origin">Where: a file, <c>CONTROLZERO__LISTEN__GRPC</c>, <c>--grpc</c>.</param>
/// <param name="Folder">Where a relative path in the value begins. Null: where the server was started.</param>
internal sealed record WrittenSetting(string Path, string? Value, string Origin, string? Folder = null);
