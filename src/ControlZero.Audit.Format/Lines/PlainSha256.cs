using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ControlZero.Audit.Format.Lines;

/// <summary>
/// SHA-256 of short texts. OpenSSL 3, which .NET hashes with on Linux, makes and throws away a context each time: 450 ns around the 75 ns that two hashes chained
/// together take. Its plain functions, of the same library, need none. Where they are missing or wrong, .NET's way is taken; the values are the same.
/// </summary>
/// <remarks>They know nothing of OpenSSL's providers. Where OpenSSL is configured to use FIPS providers only, .NET's way is taken, which obeys.</remarks>
internal static unsafe class PlainSha256
{
    private const string Library = "libcrypto.so.3";

    // SHA256_CTX has 112 bytes in every version that has the functions.
    private const int ContextLength = 128;

    // While they run the garbage collector waits: for this much 10 us.
    private const int Longest = 16 * 1024;

    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, int> Init;
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, nuint, int> Update;
    private static readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, int> Final;

    /// <summary>Whether the plain functions are used.</summary>
    public static bool IsPlain { get; }

    static PlainSha256()
    {
        if (!OperatingSystem.IsLinux()
            || !NativeLibrary.TryLoad(Library, out var library)
            || IsFipsWanted(library)
            || !NativeLibrary.TryGetExport(library, "SHA256_Init", out var init)
            || !NativeLibrary.TryGetExport(library, "SHA256_Update", out var update)
            || !NativeLibrary.TryGetExport(library, "SHA256_Final", out var final))
        {
            return;
        }

        Init = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, int>)init;
        Update = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, nuint, int>)update;
        Final = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, byte*, int>)final;
        IsPlain = IsRight();
    }

    /// <summary>Writes the 32 bytes of the hash.</summary>
    public static void Hash(ReadOnlySpan<byte> bytes, Span<byte> to)
    {
        if (!IsPlain || bytes.Length > Longest || !TryHash(bytes, to[..SHA256.HashSizeInBytes]))
        {
            SHA256.HashData(bytes, to);
        }
    }

    // True also when it cannot be asked.
    private static bool IsFipsWanted(nint library) =>
        !NativeLibrary.TryGetExport(library, "EVP_default_properties_is_fips_enabled", out var wanted)
        || ((delegate* unmanaged[Cdecl]<void*, int>)wanted)(null) != 0;

    private static bool TryHash(ReadOnlySpan<byte> bytes, Span<byte> to)
    {
        var context = stackalloc byte[ContextLength];
        fixed (byte* from = bytes)
        fixed (byte* hash = to)
        {
            return Init(context) == 1 && Update(context, from, (nuint)bytes.Length) == 1 && Final(hash, context) == 1;
        }
    }

    private static bool IsRight()
    {
        Span<byte> plain = stackalloc byte[SHA256.HashSizeInBytes];
        return TryHash("controlzero-audit/1"u8, plain) && plain.SequenceEqual(SHA256.HashData("controlzero-audit/1"u8));
    }
}
