using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Policies;

/// <summary>How networks are spelled: an address, four decimal parts or IPv6, and optionally how many of its bits are the network's.</summary>
internal static class NetworkSyntax
{
    private const string FormRemedy = "write one like `10.0.0.0/8` or `2001:db8::/32`";

    /// <summary>Why a text is no network, and what to do about it; null when it is one.</summary>
    public static (string Why, string Remedy)? WhyRefused(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var address = slash < 0 ? text : text[..slash];
        if (!IsAddress(address, out var parsed))
        {
            return ($"{Quoted.Text(address)} is no IP address", FormRemedy);
        }

        if (slash < 0)
        {
            return null;
        }

        var bytes = parsed.GetAddressBytes();
        var bits = bytes.Length * 8;
        var suffix = text[(slash + 1)..];
        if (!int.TryParse(suffix, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > bits || suffix != length.ToString(CultureInfo.InvariantCulture))
        {
            return ($"{Quoted.Text(suffix)} is no number from 0 to {bits}", FormRemedy);
        }

        var network = Masked(bytes, length);
        return bytes.AsSpan().SequenceEqual(network)
            ? null
            : ($"bits are set beyond the first {length}", $"write `{new IPAddress(network)}/{length}`");
    }

    private static bool IsAddress(string text, out IPAddress address)
    {
        // The framework also reads 10.1, 0x0a.1, 010.0.0.1, zone ids, brackets and ports.
        var allowed = text.Contains(':', StringComparison.Ordinal) ? "0123456789abcdefABCDEF:." : "0123456789.";
        if (text.AsSpan().ContainsAnyExcept(allowed) || !IPAddress.TryParse(text, out var parsed))
        {
            address = IPAddress.None;
            return false;
        }

        address = parsed;
        return parsed.AddressFamily == AddressFamily.InterNetworkV6 || parsed.ToString() == text;
    }

    private static byte[] Masked(byte[] bytes, int length)
    {
        var masked = new byte[bytes.Length];
        for (var index = 0; index < bytes.Length; index++)
        {
            var kept = Math.Clamp(length - (index * 8), 0, 8);
            masked[index] = (byte)(bytes[index] & (0xff << (8 - kept)));
        }

        return masked;
    }
}
