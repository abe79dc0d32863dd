using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace ControlZero.Audit.Reading;

/// <summary>
/// What an index knows of one event: where its line is, and enough to leave the line alone when it is not wanted. Names are hashes, so a line that
/// is read is held against the question once more.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct EventEntry
{
    /// <summary>Size of an entry. Unit: bytes.</summary>
    public const int Size = 57;

    /// <summary>The model of an event that has several: it must be looked at.</summary>
    public const uint SeveralModels = uint.MaxValue;

    /// <summary>Where its line begins in the segment. Unit: bytes.</summary>
    public required long Offset { get; init; }

    /// <summary>Length of the line, without its line feed. Unit: bytes.</summary>
    public required int Length { get; init; }

    /// <summary>Its sequence.</summary>
    public required long Sequence { get; init; }

    /// <summary>When it was recorded, UTC. Unit: ticks.</summary>
    public required long Time { get; init; }

    /// <summary>Hash of its decision id.</summary>
    public required ulong Decision { get; init; }

    /// <summary>Hash of its agent.</summary>
    public required uint Agent { get; init; }

    /// <summary>Hash of its model. 0: it has none; <see cref="SeveralModels"/>: more than one.</summary>
    public required uint Model { get; init; }

    /// <summary>Hash of its policy.</summary>
    public required uint Policy { get; init; }

    /// <summary>Hash of its rule.</summary>
    public required uint Rule { get; init; }

    /// <summary>Hash of its effect.</summary>
    public required uint Effect { get; init; }

    /// <summary>Kept for later. Always 0.</summary>
    public byte Reserved { get; init; }

    /// <summary>The hash of a name. Never 0 or <see cref="SeveralModels"/>.</summary>
    public static uint Hash(string name) => Hash(Encoding.UTF8.GetBytes(name));

    /// <summary>The hash of a name. Never 0 or <see cref="SeveralModels"/>.</summary>
    public static uint Hash(ReadOnlySpan<byte> name) => (uint)(XxHash3.HashToUInt64(name) % (uint.MaxValue - 1)) + 1 is var hash && hash != SeveralModels ? hash : 1;

    /// <summary>The hash of a decision's id.</summary>
    public static ulong HashDecision(ReadOnlySpan<byte> id) => XxHash3.HashToUInt64(id);
}
