using ControlZero.Server.Rpc;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlZero.Server.Tests.Rpc;

public sealed class FailureTranslatorTests
{
    public static TheoryData<Exception, StatusCode> Failures => new()
    {
        { new OperationCanceledException("the directory moves to other silos"), StatusCode.Unavailable },
        { new OrleansException("no storage"), StatusCode.Unavailable },
        { new Npgsql.NpgsqlException("the connection was closed", new System.Net.Sockets.SocketException(111)), StatusCode.Unavailable },
        { new Azure.RequestFailedException(503, "the server is busy"), StatusCode.Unavailable },
        { new TimeoutException("no answer"), StatusCode.DeadlineExceeded },
        { new InvalidOperationException("a fault of ours"), StatusCode.Internal },
    };

    [Theory, MemberData(nameof(Failures))]
    public void Failure_OfTheCluster_IsWorthAnotherTry_AndAFaultOfOursIsNot(Exception failure, StatusCode expected) =>
        Assert.Equal((int)expected, new FailureTranslator(NullLogger<FailureTranslator>.Instance).Translate(failure, "method").Code);
}
