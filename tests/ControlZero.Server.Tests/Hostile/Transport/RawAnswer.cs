using System.Globalization;

namespace ControlZero.Server.Tests.Hostile.Transport;

/// <summary>What came back for one request, seen from the wire.</summary>
internal sealed record RawAnswer(IReadOnlyList<(string Name, string Value)> Fields, Http2Error? StreamError, Http2Error? GoAway, bool Closed)
{
    public int? HttpStatus => Number(":status");

    public int? GrpcStatus => Number("grpc-status");

    /// <summary>The stream or the connection ended with an error, or HTTP refused the request (4xx).</summary>
    public bool IsRefusedBelowGrpc => GrpcStatus is null
        && (StreamError is not null and not Http2Error.NoError || GoAway is not null and not Http2Error.NoError || Closed || HttpStatus is >= 400 and < 500);

    public override string ToString() =>
        $"HTTP {HttpStatus}, gRPC {GrpcStatus}, RST_STREAM {StreamError}, GOAWAY {GoAway}, closed {Closed}: {string.Join(", ", Fields)}";

    private int? Number(string name) => Fields.LastOrDefault(field => field.Name == name).Value is { } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
