using System.Text;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hostile.Transport;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group F: context and headers. Where a row speaks of JSON, the context of this build is a Struct: what can be said in it is sent.</summary>
internal static class ContextRows
{
    private const string NoJson = "design.md section 5: the context is a protobuf Struct, never JSON text; ";

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["F02"] = Refused("CONTEXT_KEY_TOO_LONG", null, 128, 129, new string('k', 129)),
        ["F03"] = Refused("CONTEXT_KEY_SYNTAX", null, null, null, ""),
        ["F04"] = new(async target =>
        {
            foreach (var key in new[] { "tenant_id", "agent_id", "czc.x", "cz.x", "request.time", "agent.labels.team", "estimate" })
            {
                await target.FailsAsync(Ask(target, With(key)), StatusCode.InvalidArgument, "CONTEXT_RESERVED");
            }
        }),
        ["F06"] = new(async target =>
        {
            var context = new Struct();
            for (var i = 0; i < 33; i++)
            {
                context.Fields.Add($"k{i:00}", Value.ForString(new string('x', 2016)));
            }

            await target.RefusedAsync(Ask(target, context), "context", "CONTEXT_TOO_LARGE", 65_536, 33 * 2019);
        }),
        ["F07"] = new(
            async target =>
            {
                await target.FailsAsync(MessageRows.Send(target, MessageRows.NestedContext(17)), StatusCode.InvalidArgument, "CONTEXT_TOO_DEEP");
                await target.FailsAsync(MessageRows.Send(target, MessageRows.NestedContext(3_000)), StatusCode.InvalidArgument, "MALFORMED_MESSAGE");
            },
            NoJson + "17 levels are CONTEXT_TOO_DEEP, over 100 protobuf itself refuses as MALFORMED_MESSAGE"),
        ["F09"] = new(async target => await target.DecideAsync(HostileTarget.Ask(request => request.Context = With("role", "ROLE")))),
        ["F10"] = new(target => target.FailsAsync(
            MessageRows.Send(target, [.. HostileTarget.Ask().ToByteArray(), 0x32, 0x0d, 0x0a, 0x0b, 0x0a, 0x01, 0x61, 0x12, 0x06, 0x1a, 0x04, 0x61, 0xed, 0xa0, 0x80]),
            StatusCode.InvalidArgument,
            "MALFORMED_MESSAGE")),
        ["F11"] = new(NotJsonAsync, NoJson + "NaN is CONTEXT_NUMBER; comments and commas are tried in a policy, where they are POLICY_INVALID with SYNTAX"),
        ["F12"] = new(LongNumberAsync, NoJson + "a policy with such a number is POLICY_INVALID"),
        ["F13"] = Refused("CONTEXT_TOO_MANY", "context", 64, 10_000, [.. Enumerable.Range(0, 10_000).Select(i => $"k{i}")]),
        ["F17"] = Header("user-agent", string.Concat(Enumerable.Repeat("\u001b[31mX", 1600))),
        ["F18"] = Header("traceparent", "00-00000000000000000000000000000000-0000000000000000-00"),
        ["F19"] = Header("baggage", string.Join(',', Enumerable.Range(0, 180).Select(i => $"k{i}={new string('v', 38)}"))),
    };

    /// <summary>A context of these keys.</summary>
    public static Struct With(params string[] keys)
    {
        var context = new Struct();
        foreach (var key in keys)
        {
            context.Fields.Add(key, Value.ForString("x"));
        }

        return context;
    }

    private static AsyncUnaryCall<EnforceResponse> Ask(HostileTarget target, Struct context) =>
        target.Enforcement.EnforceAsync(HostileTarget.Ask(request => request.Context = context), target.Headers);

    private static RowRun Refused(string code, string? field, long? limit, long? actual, params string[] keys) => new(async target =>
    {
        var status = await target.FailsAsync(Ask(target, With(keys)), StatusCode.InvalidArgument, code);
        var metadata = status!.GetDetail<Google.Rpc.ErrorInfo>().Metadata;
        Assert.Equal((limit?.ToString(), actual?.ToString()), (metadata.GetValueOrDefault("limit"), metadata.GetValueOrDefault("actual")));
        Assert.StartsWith(field ?? "context.", metadata["field"], StringComparison.Ordinal);
    });

    private static async Task NotJsonAsync(HostileTarget target)
    {
        var context = new Struct { Fields = { ["n"] = Value.ForNumber(double.NaN) } };
        await target.RefusedAsync(Ask(target, context), "context.n", "CONTEXT_NUMBER");
        foreach (var document in new[]
        {
            """{ "name": "p", /* c */ "rules": [ { "allow": "*" } ] }""",
            """{ "name": "p", "rules": [ { "allow": "*" }, ] }""",
            """{ "name": "p", "priority": NaN, "rules": [ { "allow": "*" } ] }""",
        })
        {
            await PolicyRows.RefusedAsync(target, document, "SYNTAX");
        }
    }

    private static Task LongNumberAsync(HostileTarget target) => PolicyRows.RefusedAsync(
        target, $$"""{ "name": "p", "priority": {{new string('9', 10_000)}}, "rules": [ { "allow": "*" } ] }""", "NUMBER_RANGE");

    private static RowRun Header(string name, string value) => new(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);

        var answer = await raw.CallAsync(
            RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [RawHttp2.Key(target.Key), (name, Encoding.Latin1.GetBytes(value))]);

        Assert.True(answer.GrpcStatus == 0, answer.ToString());
        target.Decisions++;
    });
}
