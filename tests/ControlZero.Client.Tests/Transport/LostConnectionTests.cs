using ControlZero.Client.Errors;
using Grpc.Core;

namespace ControlZero.Client.Tests.Transport;

/// <summary>A server that stops ends its connections in order; a call that was just under way then has no answer.</summary>
public sealed class LostConnectionTests
{
    [Theory]
    [InlineData(0, StatusCode.Unavailable)]
    [InlineData(2, StatusCode.Internal)]
    public void Error_OfAConnectionThatEnded_IsUnavailableWhenItEndedInOrder(long http2Code, StatusCode expected)
    {
        var cause = new HttpRequestException(HttpRequestError.HttpProtocolError, "closed", new HttpProtocolException(http2Code, "closed", null));

        var error = ErrorDecoding.Decode(new RpcException(new Status(StatusCode.Internal, "Error starting gRPC call.", cause)));

        Assert.Equal((expected, false), (error.StatusCode, ErrorDecoding.WasNotSent(error)));
    }
}
