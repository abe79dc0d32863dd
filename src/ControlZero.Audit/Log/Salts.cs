using System.Security.Cryptography;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Log;

/// <summary>Random bytes of the system, fetched a thousand salts at a time. For one thread.</summary>
internal sealed class Salts
{
    private readonly byte[] _bytes = new byte[1024 * ChainHash.SaltLength];
    private int _at;

    public Salts() => _at = _bytes.Length;

    public ReadOnlySpan<byte> Next()
    {
        if (_at == _bytes.Length)
        {
            RandomNumberGenerator.Fill(_bytes);
            _at = 0;
        }

        _at += ChainHash.SaltLength;
        return _bytes.AsSpan(_at - ChainHash.SaltLength, ChainHash.SaltLength);
    }
}
