using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>What every error of the front door looks like.</summary>
internal static class RpcAssert
{
    /// <summary>The call fails with that status and reason, in our domain.</summary>
    public static async Task<ErrorInfo> FailsAsync<T>(StatusCode code, string reason, AsyncUnaryCall<T> call)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal((code, reason), (failure.StatusCode, failure.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason));
        var info = failure.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Equal("controlzero", info.Domain);
        return info;
    }

    /// <summary>The call is refused for these fields, each with its code.</summary>
    public static async Task<BadRequest> RefusesAsync<T>(AsyncUnaryCall<T> call, params (string Field, string Code)[] faults)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        var request = failure.GetRpcStatus()!.GetDetail<BadRequest>();
        Assert.Equal(faults, request.FieldViolations.Select(violation => (violation.Field, violation.Reason)).ToArray());
        return request;
    }
}
