using System.Text;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hostile.Transport;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Groups I and J as far as this build has what they attack.</summary>
internal static class OutputRows
{
    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["I14"] = new(ForeignHostAsync),
        ["J04"] = new(target => target.FailsAsync(
            target.Enforcement.EnforceAsync(
                HostileTarget.Ask(request => request.Context = new Struct { Fields = { ["k"] = Value.ForString(new string('x', 10 << 20)) } }),
                target.Headers),
            StatusCode.ResourceExhausted,
            null), "the row names no status; the limit on the message refuses it before anything reads it"),
        ["J08"] = new(KeyOnDiskAsync),
        ["J12"] = new(TemplatesAsync),
    };

    private static async Task ForeignHostAsync(HostileTarget target)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(target.Server.Http, "/health/ready")) { Headers = { Host = "evil.com" } };
        using var response = await client.SendAsync(request);
        Assert.Equal(400, (int)response.StatusCode);

        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);
        var answer = await raw.CallAsync(
            RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [RawHttp2.Key(target.Key)], authority: "evil.com");
        Assert.True(answer.HttpStatus == 400, answer.ToString());
    }

    private static async Task KeyOnDiskAsync(HostileTarget target)
    {
        await target.DecideAsync(HostileTarget.Ask());

        var secret = Encoding.ASCII.GetBytes(target.Key.Split('_')[3]);
        foreach (var file in Directory.EnumerateFiles(target.Server.Data, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes);
            Assert.True(bytes.AsSpan().IndexOf(secret) < 0, $"{Path.GetFileName(file)} holds the key");
        }
    }

    private static async Task TemplatesAsync(HostileTarget target)
    {
        foreach (var text in new[] { "{UserName}", "%s%n", "{0}", "{", "}}{{" })
        {
            var answer = await target.DecideAsync(HostileTarget.Ask(request =>
            {
                (request.Action, request.Resource, request.RequestId) = ("tool.read", $"file/{text}", text);
                request.Context = ContextRows.With(text);
            }));
            Assert.Equal((Decision.Allow, text), (answer.Decision, answer.RequestId));
        }
    }
}
