using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Answers most calls of Enforce without the gRPC framework's own objects, tasks and log calls, which cost more than the decision. It takes a whole
/// short message, about an agent that is active in this silo, from a caller whose request has no fault; any other call goes to the framework as it came:
/// nothing of it was consumed, decided or charged.
/// </summary>
internal sealed class EnforceFastPath(
    KeyAuthenticator keys,
    LocalDecisions local,
    DecisionAnswers answers,
    DecisionTrail trail,
    EnforceInstruments instruments,
    CallInstruments calls,
    CallTraces traces,
    FailureTranslator failures,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    // A flag and the length of the message.
    private const int PrefixLength = 5;

    // Longer ones are counted before they are parsed, see CheckedServiceMethodProvider.
    private const int LongestMessage = MessageEntries.NotWorthCounting;
    private const string ContentType = "application/grpc";
    private const string Method = "/controlzero.v1.EnforcementService/Enforce";

    // HTTP/2's CANCEL.
    private const int Cancel = 8;

    private static readonly StringValues Ok = "0";

    /// <summary>Puts itself before the framework's handler of Enforce.</summary>
    public void PutBefore(EndpointBuilder endpoint)
    {
        if (endpoint.RequestDelegate is { } framework && endpoint.Metadata.OfType<GrpcMethodMetadata>().Any(metadata => metadata.Method.FullName == Method))
        {
            endpoint.RequestDelegate = http => InvokeAsync(http, framework);
        }
    }

    private Task InvokeAsync(HttpContext http, RequestDelegate framework)
    {
        if (traces.AreOn || http.Request.ContentType is not ContentType || !HttpProtocol.IsHttp2(http.Request.Protocol) || !GrpcDeadline.TryRead(http, clock, out var deadline))
        {
            return framework(http);
        }

        var reading = http.Request.BodyReader.ReadAsync();
        if (!reading.IsCompletedSuccessfully)
        {
            return ReadOnAsync(http, reading, framework, deadline);
        }

        var read = reading.Result;
        return IsWhole(read) ? AnswerAsync(http, read.Buffer, framework, deadline) : ReadOnAsync(http, ValueTask.FromResult(read), framework, deadline);
    }

    private async Task ReadOnAsync(HttpContext http, ValueTask<ReadResult> reading, RequestDelegate framework, GrpcDeadline deadline)
    {
        var body = http.Request.BodyReader;
        ReadResult read;
        try
        {
            read = await deadline.WaitAsync(reading);
            while (!read.IsCompleted && !read.IsCanceled && read.Buffer.Length <= PrefixLength + LongestMessage)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                read = await deadline.WaitAsync(body.ReadAsync());
            }
        }
        catch (TimeoutException)
        {
            await EndAtDeadlineAsync(http);
            return;
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // The caller hung up or sends too slowly: the framework meets the same, and tells it.
            await framework(http);
            return;
        }

        if (IsWhole(read) && IsKeyStillValid(http))
        {
            await AnswerAsync(http, read.Buffer, framework, deadline);
        }
        else
        {
            body.AdvanceTo(read.Buffer.Start);
            await framework(http);
        }
    }

    // The key was taken for valid before the message came. Where that takes a look into storage, or it is not, the framework does the rest.
    private bool IsKeyStillValid(HttpContext http)
    {
        if (http.Features.Get<ClientIdentity>() is not { } caller)
        {
            return false;
        }

        var valid = keys.IsStillValidAsync(caller, http.RequestAborted);
        return valid.IsCompletedSuccessfully && valid.Result;
    }

    // One message, nothing before, behind or missing, and not compressed.
    private static bool IsWhole(ReadResult read)
    {
        if (!read.IsCompleted || read.IsCanceled || read.Buffer.Length is < PrefixLength or > PrefixLength + LongestMessage)
        {
            return false;
        }

        Span<byte> prefix = stackalloc byte[PrefixLength];
        read.Buffer.Slice(0, PrefixLength).CopyTo(prefix);
        return prefix[0] == 0 && BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]) == read.Buffer.Length - PrefixLength;
    }

    private Task AnswerAsync(HttpContext http, ReadOnlySequence<byte> body, RequestDelegate framework, GrpcDeadline deadline)
    {
        var begun = instruments.Begin();
        var caller = http.Features.Get<ClientIdentity>();
        if (caller is null
            || Parse(body.Slice(PrefixLength)) is not { } request
            || !EnforceQuestion.TryRead(request, caller, "", out var question, out _)
            || local.Decide(question, answers.Now(), Method) is not { } outcome)
        {
            http.Request.BodyReader.AdvanceTo(body.Start);
            return framework(http);
        }

        http.Request.BodyReader.AdvanceTo(body.End);
        try
        {
            var leaving = trail.LeaveAsync(outcome, caller, http.Features.Get<AnswerGate>());
            return leaving.IsCompletedSuccessfully ? EndAsync(http, leaving.Result, begun) : WaitAsync(http, leaving, begun, deadline);
        }
        catch (Exception failure)
        {
            return EndAsync(http, failures.Translate(failure, Method));
        }
    }

    private async Task WaitAsync(HttpContext http, ValueTask<EnforceOutcome> leaving, long begun, GrpcDeadline deadline)
    {
        EnforceOutcome outcome;
        try
        {
            outcome = await deadline.WaitAsync(leaving);
        }
        catch (TimeoutException)
        {
            // The event is on its way all the same, and what was charged stays charged.
            await EndAtDeadlineAsync(http);
            return;
        }
        catch (Exception failure)
        {
            await EndAsync(http, failures.Translate(failure, Method));
            return;
        }

        await EndAsync(http, outcome, begun);
    }

    private static EnforceRequest? Parse(ReadOnlySequence<byte> message)
    {
        try
        {
            return EnforceRequest.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private Task EndAsync(HttpContext http, in EnforceOutcome outcome, long begun)
    {
        if (outcome.Response is not { } response)
        {
            return EndAsync(http, outcome.Error!);
        }

        instruments.OnAnswered(response.Effect, response.ReasonCode, begun);
        http.Response.ContentType = ContentType;

        // Before the body, which Kestrel would otherwise take for none.
        var starting = http.Response.StartAsync();
        if (!starting.IsCompletedSuccessfully)
        {
            return WriteWhenStartedAsync(http, starting, response);
        }

        Write(http, response);
        return Task.CompletedTask;
    }

    private Task EndAsync(HttpContext http, Google.Rpc.Status error)
    {
        calls.OnEnded(Method, (StatusCode)error.Code);
        return TrailersOnly.WriteAsync(http, error);
    }

    private async Task EndAtDeadlineAsync(HttpContext http)
    {
        await EndAsync(http, RpcErrors.DeadlineExceeded());

        // Nothing more is read or written, and the caller's end of the stream is closed too.
        http.Features.Get<IHttpResetFeature>()?.Reset(Cancel);
    }

    private static async Task WriteWhenStartedAsync(HttpContext http, Task starting, EnforceResponse response)
    {
        await starting;
        Write(http, response);
    }

    private static void Write(HttpContext http, EnforceResponse response)
    {
        var length = response.CalculateSize();
        var body = http.Response.BodyWriter;
        var message = body.GetSpan(PrefixLength + length)[..(PrefixLength + length)];
        message[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(message[1..], length);
        response.WriteTo(message[PrefixLength..]);
        body.Advance(message.Length);
        http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers.GrpcStatus = Ok;
    }
}
