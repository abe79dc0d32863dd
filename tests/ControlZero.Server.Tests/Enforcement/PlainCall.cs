using System.Buffers.Binary;
using System.IO.Pipelines;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using Google.Rpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>A call of Enforce as the front door has it after the key was checked, its body written by the test piece by piece.</summary>
internal sealed class PlainCall : IHttpResponseTrailersFeature, IHttpResetFeature, IRequestBodyPipeFeature
{
    private readonly Pipe _body = new();

    public PlainCall(ClientIdentity caller)
    {
        Http.Request.Protocol = HttpProtocol.Http2;
        Http.Request.ContentType = "application/grpc";
        Http.Features.Set(caller);
        Http.Features.Set<IRequestBodyPipeFeature>(this);
        Http.Features.Set<IHttpResponseTrailersFeature>(this);
        Http.Features.Set<IHttpResetFeature>(this);
        Http.Response.Body = new MemoryStream();
    }

    public DefaultHttpContext Http { get; } = new();

    public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();

    /// <summary>The code the stream was reset with.</summary>
    public int? ResetCode { get; private set; }

    /// <summary>What the framework was given of the body. Null: it was not asked.</summary>
    public byte[]? LeftToFramework { get; private set; }

    private byte[] Answered => ((MemoryStream)Http.Response.Body).ToArray();

    PipeReader IRequestBodyPipeFeature.Reader => _body.Reader;

    /// <summary>A message as it stands in a body.</summary>
    public static byte[] Framed(byte[] message, byte flag = 0, int more = 0)
    {
        var framed = new byte[5 + message.Length];
        framed[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length + more);
        message.CopyTo(framed, 5);
        return framed;
    }

    /// <summary>The framework, which takes the whole body.</summary>
    public async Task FrameworkAsync(HttpContext http)
    {
        var taken = new MemoryStream();
        try
        {
            await http.Request.BodyReader.CopyToAsync(taken);
        }
        catch (IOException)
        {
            // What a caller that hung up left.
        }

        LeftToFramework = taken.ToArray();
    }

    public async Task SendAsync(byte[] piece) => await _body.Writer.WriteAsync(piece);

    public void Complete() => _body.Writer.Complete();

    public void HangUp() => _body.Writer.Complete(new IOException("the request stream was aborted"));

    public void Reset(int errorCode) => ResetCode = errorCode;

    /// <summary>The answer, which ended well.</summary>
    public async Task<EnforceResponse> AnswerAsync()
    {
        await Http.Response.BodyWriter.FlushAsync();
        var body = Answered;
        Assert.Equal(("0", "application/grpc", 0), ($"{Trailers.GrpcStatus}", Http.Response.ContentType, body[0]));
        Assert.Equal(body.Length - 5, BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(1)));
        return EnforceResponse.Parser.ParseFrom(body.AsSpan(5));
    }

    /// <summary>The error it ended with, in headers alone.</summary>
    public (string Status, string Reason) Error()
    {
        Assert.Empty(Answered);
        var details = Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(Http.Response.Headers["grpc-status-details-bin"]!));
        return ($"{Http.Response.Headers["grpc-status"]}", details.GetDetail<ErrorInfo>().Reason);
    }
}
