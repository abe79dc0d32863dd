using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using ControlZero.Storage.Tests.Contract;
using Request = Azure.Core.Request;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>
/// The connection between the Azure client library and Azurite, with faults. It sits below everything the provider and the library do
/// about time-outs and retries. It counts the changes that the store answered with success.
/// </summary>
internal sealed class FaultyConnection : HttpPipelineTransport, IDisposable
{
    private readonly HttpClientTransport _inner = new();
    private readonly Lock _lock = new();
    private int _changesLeft;
    private int _readsLeft;
    private int _applied;

    public FaultyConnection() => Policy = new ShortTimeoutOfHangs(this);

    /// <summary>Shortens the library's time-out for the requests that hang.</summary>
    public HttpPipelinePolicy Policy { get; }

    /// <summary>Changes of records the store has applied.</summary>
    public int Applied => Volatile.Read(ref _applied);

    /// <summary>Whether hanging requests wait for their caller to give up instead of for the library's time-out.</summary>
    public bool HangsUntilCancelled { get; set; }

    /// <summary>Runs when the store has applied a change whose reply is lost, and when a request failed before it.</summary>
    public Func<Task>? BeforeFailure { get; set; }

    /// <summary>Completes when a request meets the fault; it then waits for <see cref="Release"/> (delay) or its end (hang).</summary>
    public TaskCompletionSource Arrived { get; private set; } = NewSignal();

    /// <summary>Lets a delayed request go on.</summary>
    public TaskCompletionSource Release { get; private set; } = NewSignal();

    private StorageFault Fault { get; set; }

    /// <summary>The next changes suffer the fault; the next reads hang with <c>HangBefore</c> and fail with any other.</summary>
    public void Arm(StorageFault fault, int changes = 1, int reads = 0)
    {
        lock (_lock)
        {
            (Fault, _changesLeft, _readsLeft) = (fault, changes, reads);
            (Arrived, Release) = (NewSignal(), NewSignal());
        }
    }

    /// <summary>Ends the fault.</summary>
    public void Disarm() => Arm(StorageFault.Delay, changes: 0);

    public void Dispose() => _inner.Dispose();

    public override Request CreateRequest() => _inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("the provider is asynchronous");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        if (!IsChange(message.Request))
        {
            await ReadAsync(message);
        }
        else if (Take(ref _changesLeft))
        {
            await SufferAsync(message);
        }
        else
        {
            await ApplyAsync(message);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Making a table or a container is no change of a record.
    private static bool IsChange(Request request) =>
        request.Method != RequestMethod.Get
        && request.Method != RequestMethod.Head
        && !request.Uri.Path.EndsWith("/Tables", StringComparison.Ordinal)
        && !request.Uri.Query.Contains("restype=container", StringComparison.Ordinal);

    private static RequestFailedException Broken() => new("the connection was reset", new IOException("the connection was reset"));

    private async ValueTask SufferAsync(HttpMessage message)
    {
        var fault = Fault;
        if (fault is StorageFault.LoseReply)
        {
            await ApplyAsync(message);
        }
        else if (fault is StorageFault.HangAfter)
        {
            await ApplyApartAsync(message);
        }

        Arrived.TrySetResult();
        switch (fault)
        {
            case StorageFault.Delay:
                await Release.Task;
                await ApplyAsync(message);
                break;
            case StorageFault.HangBefore or StorageFault.HangAfter:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, message.CancellationToken);
                break;
            default:
                await (BeforeFailure?.Invoke() ?? Task.CompletedTask);
                throw Broken();
        }
    }

    private async ValueTask ReadAsync(HttpMessage message)
    {
        if (Take(ref _readsLeft))
        {
            await (Fault is StorageFault.HangBefore
                ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, message.CancellationToken)
                : throw Broken());
        }

        await _inner.ProcessAsync(message);
    }

    private async ValueTask ApplyAsync(HttpMessage message)
    {
        await _inner.ProcessAsync(message);
        Count(message);
    }

    // The request's own token may have fired before it is sent: its time-out is short, and the machine may be slow.
    private async Task ApplyApartAsync(HttpMessage message)
    {
        var apart = new HttpMessage(message.Request, new ResponseClassifier());
        await _inner.ProcessAsync(apart);
        Count(apart);
        apart.Response.Dispose();
    }

    private void Count(HttpMessage message)
    {
        if (message.Response.Status is >= 200 and < 300)
        {
            Interlocked.Increment(ref _applied);
        }
    }

    private bool Take(ref int left)
    {
        lock (_lock)
        {
            left--;
            return left >= 0;
        }
    }

    private bool WillHang(bool isChange)
    {
        lock (_lock)
        {
            return !HangsUntilCancelled
                && (isChange ? _changesLeft > 0 && Fault is StorageFault.HangBefore or StorageFault.HangAfter
                    : _readsLeft > 0 && Fault is StorageFault.HangBefore);
        }
    }

    private sealed class ShortTimeoutOfHangs(FaultyConnection connection) : HttpPipelinePolicy
    {
        public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (connection.WillHang(IsChange(message.Request)))
            {
                message.NetworkTimeout = TimeSpan.FromMilliseconds(1);
            }

            return ProcessNextAsync(message, pipeline);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException("the provider is asynchronous");
    }
}
