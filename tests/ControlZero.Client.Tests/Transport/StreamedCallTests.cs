using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlZero.Client.Tests.Transport;

public sealed class StreamedCallTests
{
    [Fact]
    public async Task ServerStream_CarriesTheKeyAndFailsWithOurException()
    {
        var wire = new RefusingWire();
        var audit = new AuditService.AuditServiceClient(wire.Intercept(new AuthenticatedCalls("cz_test_key", TimeSpan.FromSeconds(5))));

        using var tail = audit.TailEvents(new TailEventsRequest());
        var failure = await Assert.ThrowsAsync<ControlZeroException>(() => tail.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal("Bearer cz_test_key", wire.Options.Headers?.GetValue("authorization"));
        Assert.Null(wire.Options.Deadline);
    }

    [Fact]
    public async Task DuplexStream_CarriesTheKeyAndFailsWithOurExceptionInBothDirections()
    {
        var wire = new RefusingWire();
        var enforcement = new EnforcementService.EnforcementServiceClient(wire.Intercept(new AuthenticatedCalls("cz_test_key", TimeSpan.FromSeconds(5))));

        using var stream = enforcement.EnforceStream();
        var written = await Assert.ThrowsAsync<ControlZeroException>(() => stream.RequestStream.WriteAsync(new EnforceStreamRequest()));
        var read = await Assert.ThrowsAsync<ControlZeroException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal([StatusCode.Unavailable, StatusCode.Unavailable], [written.StatusCode, read.StatusCode]);
        Assert.Equal("Bearer cz_test_key", wire.Options.Headers?.GetValue("authorization"));
        Assert.Null(wire.Options.Deadline);
    }

    private sealed class RefusingWire : CallInvoker
    {
        public CallOptions Options { get; private set; }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Options = options;
            return new(new RefusingReader<TResponse>(), Task.FromResult(new Metadata()), () => Status.DefaultCancelled, () => [], () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
        {
            Options = options;
            return new(new RefusingWriter<TRequest>(), new RefusingReader<TResponse>(), Task.FromResult(new Metadata()), () => Status.DefaultCancelled, () => [], () => { });
        }
    }

    private sealed class RefusingWriter<T> : IClientStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(T message) => Task.FromException(new RpcException(new Status(StatusCode.Unavailable, "away")));

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class RefusingReader<T> : IAsyncStreamReader<T>
    {
        public T Current => throw new InvalidOperationException();

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromException<bool>(new RpcException(new Status(StatusCode.Unavailable, "away")));
    }
}
