using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Reading;
using ControlZero.Engine.Diagnostics;
using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Audit.Keeping;

/// <summary>Who signs the ledger of the log, and whose signatures are right besides.</summary>
internal sealed record AuditSigningSettings
{
    /// <summary>The section: <c>Audit:Signing</c>.</summary>
    public const string SectionName = "Audit:Signing";

    /// <summary>
    /// PEM file with the private Ed25519 key (<c>openssl genpkey -algorithm ed25519</c>) that signs each record of the ledger. Keep its public half away
    /// from the log. Default: none, the ledger is unsigned; then verifying finds accidents, and no tampering by somebody who can write the log.
    /// </summary>
    public string? KeyFile { get; init; }

    /// <summary>PEM files with public keys that may have signed records too: those of other servers, and of before a key was changed. Default: none.</summary>
    public IReadOnlyList<string> TrustedKeyFiles { get; init; } = [];

    /// <summary>Reads the section.</summary>
    public static AuditSigningSettings Read(SettingReader reader)
    {
        var section = reader.Section(SectionName);
        return new() { KeyFile = section.File(nameof(KeyFile)), TrustedKeyFiles = section.List(nameof(TrustedKeyFiles)) };
    }

    /// <summary>The key. Null: the ledger is unsigned.</summary>
    /// <exception cref="FormatException">The file holds none.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public LedgerKey? ReadKey() => KeyFile is null ? null : LedgerKey.FromPem(File.ReadAllText(KeyFile));

    /// <summary>Every key whose signature is right. Empty: signatures are not looked at.</summary>
    public IReadOnlyList<LedgerPublicKey> ReadPublicKeys() => ReadKey() is { } key
        ? [key.Public, .. TrustedKeyFiles.Select(file => LedgerPublicKey.FromPem(File.ReadAllText(file)))]
        : [];

    /// <summary>Who signs indexes, and whose are believed: as of the ledger.</summary>
    /// <exception cref="FormatException">A file holds no key.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IndexSeal ToSeal() => new(ReadKey(), ReadPublicKeys());

    /// <summary>What is wrong with it.</summary>
    public IEnumerable<string> Faults()
    {
        if (KeyFile is null)
        {
            return TrustedKeyFiles.Count == 0
                ? []
                : [$"{SectionName}:{nameof(TrustedKeyFiles)} is set, but nothing is signed; give {SectionName}:{nameof(KeyFile)}, or leave it out"];
        }

        return [.. Fault(nameof(KeyFile), KeyFile, () => ReadKey()), .. TrustedKeyFiles.SelectMany(file => Fault(
            nameof(TrustedKeyFiles), file, () => LedgerPublicKey.FromPem(File.ReadAllText(file))))];
    }

    private static IEnumerable<string> Fault(string setting, string file, Func<object?> read)
    {
        try
        {
            read();
            return [];
        }
        catch (FormatException wrong)
        {
            return [$"{SectionName}:{setting} {Quoted.Path(file)}: {wrong.Message}"];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [$"{SectionName}:{setting} {Quoted.Path(file)} cannot be read; check the path and its mode"];
        }
    }
}
