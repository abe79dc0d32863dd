using Google.Protobuf;
using Status = Google.Rpc.Status;

namespace ControlZero.Server.Rpc;

/// <summary>Ends a gRPC call with an error and no message, before gRPC itself has seen it.</summary>
internal static class TrailersOnly
{
    public static async Task WriteAsync(HttpContext http, Status status)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = status.Code.ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
        http.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
        await http.Response.CompleteAsync();
    }
}
