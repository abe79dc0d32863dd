using Grpc.Core;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>Writes to streams that the server may end at any moment.</summary>
internal static class StreamWrites
{
    /// <summary>
    /// Writes and completes, if it is asked to, unless the call has ended. A write that the end overtakes fails with a status of the
    /// client's own making (`Cancelled`): what the server said is read from the answers, never from here.
    /// </summary>
    public static async Task WriteUnlessEndedAsync<T>(this IClientStreamWriter<T> writer, T message, bool complete = false)
    {
        try
        {
            await writer.WriteAsync(message);
            if (complete)
            {
                await writer.CompleteAsync();
            }
        }
        catch (Exception overtaken) when (overtaken is RpcException or InvalidOperationException)
        {
        }
    }
}
