using System.Text.Json;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hostile.Rows;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile;

/// <summary>
/// Every row of tests/conformance/corner-inputs.jsonl against a running server. Unlike the other hostile rows they are sent as they stand:
/// <c>input</c> is a method and its message as JSON, <c>shape</c> the reason, and where they matter the field and words of its message.
/// </summary>
[Collection(RunningServerCollection.Name)]
public sealed class CornerInputTests(RunningServer server)
{
    private static readonly Dictionary<string, MethodDescriptor> Methods = new[]
        {
            EnforcementReflection.Descriptor, PolicyReflection.Descriptor, AgentReflection.Descriptor, TenantReflection.Descriptor, AuditReflection.Descriptor,
        }
        .SelectMany(file => file.Services)
        .SelectMany(service => service.Methods)
        .ToDictionary(method => $"{method.Service.Name}/{method.Name}");

    private static readonly ILookup<string, Row> Rows = Row.Read().ToLookup(row => row.Method);

    public static TheoryData<string> AskedMethods => [.. Rows.Select(rows => rows.Key)];

    [Theory]
    [MemberData(nameof(AskedMethods))]
    public async Task Corner_SentToARunningServer_IsAnsweredAsItsRowSays(string method)
    {
        var target = await HostileTarget.CreateAsync(server);
        var before = await target.SnapshotAsync();

        var surprises = new List<string>();
        foreach (var row in Rows[method])
        {
            var got = await AnswerAsync(target, row);
            if (!row.IsMetBy(got))
            {
                surprises.Add($"{row.Id} {row.Message}: wanted {row.Expect} {row.Shape}, got {got}");
            }
        }

        Assert.True(surprises.Count == 0, string.Join('\n', surprises));
        Assert.Equal(before, await target.SnapshotAsync());
    }

    private async Task<Answer> AnswerAsync(HostileTarget target, Row row)
    {
        var method = Methods[row.Method];
        var call = new Method<IMessage, IMessage>(
            MethodType.Unary, method.Service.FullName, method.Name, ToMarshaller(method.InputType), ToMarshaller(method.OutputType));
        try
        {
            var answer = await server.Channel.CreateCallInvoker().AsyncUnaryCall(
                call, null, new CallOptions(target.Headers), JsonParser.Default.Parse(row.Message, method.InputType));
            return new Answer("OK", (answer as EnforceResponse)?.Effect ?? "", "", "");
        }
        catch (RpcException failure)
        {
            var status = failure.GetRpcStatus();
            var violation = status?.GetDetail<BadRequest>()?.FieldViolations.FirstOrDefault();
            return new Answer(
                failure.StatusCode.ToString(), status?.GetDetail<ErrorInfo>()?.Reason ?? "", violation?.Field ?? "", violation?.Description ?? failure.Status.Detail);
        }
    }

    private static Marshaller<IMessage> ToMarshaller(MessageDescriptor type) =>
        Marshallers.Create(static message => message.ToByteArray(), bytes => type.Parser.ParseFrom(bytes));

    private sealed record Answer(string Status, string Reason, string Field, string Words);

    private sealed record Row(string Id, string Method, string Message, string Expect, string Shape)
    {
        public static IEnumerable<Row> Read() =>
            File.ReadLines(Path.Combine(AppContext.BaseDirectory, "conformance", "corner-inputs.jsonl")).Select(Parse);

        public bool IsMetBy(Answer answer)
        {
            var parts = Shape.Split(' ', 3);
            return Expect.Replace("_", "", StringComparison.Ordinal).Equals(answer.Status, StringComparison.OrdinalIgnoreCase)
                && (parts[0] == "—" || parts[0] == answer.Reason)
                && parts.Skip(1).All(part => part.Split('=', 2) is var pair && pair[0] switch
                {
                    "field" => answer.Field == pair[1],
                    "says" => answer.Words.Contains(pair[1], StringComparison.Ordinal),
                    _ => false,
                });
        }

        private static Row Parse(string line)
        {
            var row = JsonDocument.Parse(line).RootElement;
            var input = row.GetProperty("input").GetString()!.Split(' ', 2);
            return new Row(row.GetProperty("id").GetString()!, input[0], input[1], row.GetProperty("expect").GetString()!, row.GetProperty("shape").GetString()!);
        }
    }
}
