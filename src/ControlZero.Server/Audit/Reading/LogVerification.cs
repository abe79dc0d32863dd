using ControlZero.Audit.Format.Verification;
using ControlZero.Server.Audit.Keeping;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Audit.Reading;

/// <summary>Verifies what this server can read of the log. One at a time: it takes a core and the disk.</summary>
internal sealed class LogVerification(AuditPlace place, ServerOptions options) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Verifies it. What is wrong with a log that is being written is looked at again: a line or a file may have been on its way.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<VerifyReport> RunAsync(int mostFindings, CancellationToken cancellationToken)
    {
        var verify = new VerifyOptions { Keys = options.Audit.Signing.ReadPublicKeys(), MostFindings = mostFindings };
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var first = await RunAsync(verify, cancellationToken);
            return first.IsSound ? first : await RunAsync(verify, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private Task<VerifyReport> RunAsync(VerifyOptions verify, CancellationToken cancellationToken) =>
        LogVerifier.VerifyAsync(place.Archive, verify, TimeProvider.System, progress: null, cancellationToken);
}
