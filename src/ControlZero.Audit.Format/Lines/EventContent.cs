namespace ControlZero.Audit.Format.Lines;

/// <summary>Reads what the log itself wrote around an event: <c>"seq":N,"kind":"event","time":"T","tenant":"ID","event":BODY</c>.</summary>
public static class EventContent
{
    /// <summary>The tenant, as it stands there; false when the content is no event's.</summary>
    public static bool TryReadTenant(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> tenant)
    {
        tenant = default;
        if (!TryReadFields(content, out var time, out var rest))
        {
            return false;
        }

        tenant = rest;
        return time.Length > 0;
    }

    /// <summary>The body, as it was appended; false when the content is no event's.</summary>
    public static bool TryReadBody(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (!TryReadTenant(content, out var tenant))
        {
            return false;
        }

        // The tenant is a slice of the content, so what follows it begins where it ends.
        content.Overlaps(tenant, out var at);
        var rest = content[(at + tenant.Length)..];
        if (!rest.StartsWith("\",\"event\":"u8))
        {
            return false;
        }

        body = rest["\",\"event\":"u8.Length..];
        return true;
    }

    private static bool TryReadFields(ReadOnlySpan<byte> content, out ReadOnlySpan<byte> time, out ReadOnlySpan<byte> tenant)
    {
        time = tenant = default;
        var at = content.IndexOf((byte)',');
        if (at < 0 || !content[at..].StartsWith(",\"kind\":\"event\",\"time\":\""u8))
        {
            return false;
        }

        var rest = content[(at + ",\"kind\":\"event\",\"time\":\""u8.Length)..];
        var end = rest.IndexOf((byte)'"');
        if (end < 0 || !rest[end..].StartsWith("\",\"tenant\":\""u8))
        {
            return false;
        }

        time = rest[..end];
        rest = rest[(end + "\",\"tenant\":\""u8.Length)..];
        tenant = rest[..Math.Max(0, rest.IndexOf((byte)'"'))];
        return tenant.Length > 0;
    }
}
