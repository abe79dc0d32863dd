using System.Text;
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
        http.Response.Headers["grpc-message"] = Escape(status.Message);
        http.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray());
        await http.Response.CompleteAsync();
    }

    // gRPC escapes what is not printable ASCII, and the escape itself; more than that some clients show as it stands.
    private static string Escape(string message) => string.Concat(Encoding.UTF8.GetBytes(message).Select(unit =>
        unit is >= 0x20 and <= 0x7e and not (byte)'%' ? ((char)unit).ToString() : $"%{unit:X2}"));
}
