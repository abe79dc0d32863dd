using System.IO.Pipelines;
using ControlZero.Server.Telemetry;
using Microsoft.AspNetCore.Connections;
using ListenOptions = Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions;

namespace ControlZero.Server.Audit;

/// <summary>Puts an <see cref="AnswerGate"/> into each connection of a listener; calls find it among their features.</summary>
internal static class AnswerGateExtensions
{
    public static void UseAnswerGate(this ListenOptions listener)
    {
        var instruments = listener.ApplicationServices.GetRequiredService<EnforceInstruments>();
        listener.Use(next => connection => RunAsync(connection, instruments, next));
    }

    private static async Task RunAsync(ConnectionContext connection, EnforceInstruments instruments, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        var gate = new AnswerGate(transport.Output, instruments, () => connection.Abort(
            new ConnectionAbortedException("an answer could not be recorded in time and was not sent")));
        connection.Features.Set(gate);
        connection.Transport = new GatedTransport(transport.Input, gate.Output);
        var running = gate.RunAsync();
        try
        {
            await next(connection);
        }
        finally
        {
            await gate.Output.CompleteAsync();
            await running;
            connection.Transport = transport;
        }
    }

    private sealed record GatedTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
