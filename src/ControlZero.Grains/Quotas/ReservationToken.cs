using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Quotas;

namespace ControlZero.Grains.Quotas;

/// <summary>
/// Names a reservation, and says enough of it to settle it when the activation that made it is gone: what was charged, and for which resources.
/// </summary>
/// <remarks>
/// It bears no signature. A forged one refunds nothing, since only the activation that granted gives back and that one goes by its own book; what
/// it could do is report use that never was, which its holder may do with a true one as well: usage is what the caller reports.
/// </remarks>
internal sealed record ReservationToken(
    ulong Agent,
    Guid Activation,
    ulong Number,
    DateTimeOffset ExpiresAt,
    ImmutableArray<(ulong Limit, long Units)> Charges,
    ImmutableArray<ulong> Resources)
{
    private const byte Version = 1;
    private const int MaxCharges = 24;
    private const int MaxResources = 32;
    private const int Header = 1 + 8 + 16 + 8 + 8 + 1 + 1;

    /// <summary>A number for the agent.</summary>
    public static ulong Of(TenantId tenant, AgentId agent) => Fingerprint.Of(GrainKeys.Of(tenant, agent));

    /// <summary>An id that no other reservation has.</summary>
    public Guid Id
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            Activation.TryWriteBytes(bytes);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ Number);
            return new Guid(bytes);
        }
    }

    /// <summary>Writes a token.</summary>
    public static string Write(
        ulong agent,
        Guid activation,
        ulong number,
        DateTimeOffset expiresAt,
        ReadOnlySpan<QuotaCharge> charged,
        string? resource,
        ImmutableArray<string> candidates)
    {
        var charges = Math.Min(charged.Length, MaxCharges);
        var resources = Math.Min((resource is null ? 0 : 1) + candidates.Length, MaxResources);
        Span<byte> bytes = stackalloc byte[Header + (charges * 16) + (resources * 8)];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[1..], agent);
        activation.TryWriteBytes(bytes[9..]);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[25..], number);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[33..], expiresAt.ToUnixTimeMilliseconds());
        bytes[41] = (byte)charges;
        bytes[42] = (byte)resources;
        var at = Header;
        for (var index = 0; index < charges; index++, at += 16)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], charged[index].Limit.Fingerprint);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(at + 8)..], charged[index].Units);
        }

        for (var index = 0; index < resources; index++, at += 8)
        {
            var candidate = resource is null ? index : index - 1;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], Fingerprint.Of(candidate < 0 ? resource : candidates[candidate]));
        }

        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a token. Null: it is none.</summary>
    public static ReservationToken? TryRead(string text)
    {
        if (!Base64Url.IsValid(text, out var length) || length < Header)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = Base64Url.DecodeFromChars(text);
        var (charges, resources) = (bytes[41], bytes[42]);
        if (bytes[0] != Version || bytes.Length != Header + (charges * 16) + (resources * 8))
        {
            return null;
        }

        var expiry = BinaryPrimitives.ReadInt64LittleEndian(bytes[33..]);
        if (expiry < 0 || expiry > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return null;
        }

        var at = Header;
        var charged = ImmutableArray.CreateBuilder<(ulong, long)>(charges);
        for (var index = 0; index < charges; index++, at += 16)
        {
            charged.Add((BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + 8)..])));
        }

        var authorised = ImmutableArray.CreateBuilder<ulong>(resources);
        for (var index = 0; index < resources; index++, at += 8)
        {
            authorised.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]));
        }

        return new ReservationToken(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..]),
            new Guid(bytes[9..25]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[25..]),
            DateTimeOffset.FromUnixTimeMilliseconds(expiry),
            charged.MoveToImmutable(),
            authorised.MoveToImmutable());
    }
}
