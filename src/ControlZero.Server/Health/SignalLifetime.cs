using System.Runtime.InteropServices;

namespace ControlZero.Server.Health;

/// <summary>SIGTERM, SIGINT and SIGQUIT begin to drain, in place of the host's own handler, which closes the doors at once.</summary>
internal sealed class SignalLifetime(Drain drain) : IHostLifetime, IDisposable
{
    private static readonly PosixSignal[] Signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];
    private PosixSignalRegistration[] _registrations = [];

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations = [.. Signals.Select(signal => PosixSignalRegistration.Create(signal, Handle))];
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private void Handle(PosixSignalContext signal)
    {
        // The process ends when the server has stopped, not with the signal.
        signal.Cancel = true;
        drain.Begin();
    }
}
