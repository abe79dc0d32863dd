using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>A network: the addresses that share its first bits. A network within the IPv4-mapped range is one of IPv4.</summary>
internal readonly struct IpNetwork
{
    private const int MappedBits = 96;

    private readonly IpAddress _first;
    private readonly UInt128 _mask;

    private IpNetwork(IpAddress first, int length)
    {
        _first = first;
        var bits = first.IsV4 ? 32 : 128;
        _mask = length == 0 ? UInt128.Zero : UInt128.MaxValue << (bits - length);
    }

    /// <summary>Reads a network of a checked document: an address, and optionally the number of its bits that count.</summary>
    public static IpNetwork Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var address = IPAddress.Parse(slash < 0 ? text : text.AsSpan(0, slash));
        var bytes = address.GetAddressBytes();
        var length = slash < 0 ? bytes.Length * 8 : int.Parse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture);
        if (bytes.Length == 4)
        {
            return new IpNetwork(new IpAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes), IsV4: true), length);
        }

        return address.IsIPv4MappedToIPv6 && length >= MappedBits
            ? new IpNetwork(new IpAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(12)), IsV4: true), length - MappedBits)
            : new IpNetwork(new IpAddress(BinaryPrimitives.ReadUInt128BigEndian(bytes), IsV4: false), length);
    }

    /// <summary>True when the address lies within.</summary>
    public bool Contains(IpAddress address) =>
        address.IsV4 == _first.IsV4 && ((address.Bits ^ _first.Bits) & _mask) == UInt128.Zero;
}
