using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group E: figures of use, settling and limits; and what of other groups needs them.</summary>
internal static class LimitRows
{
    private const long Max = 1_000_000_000_000;

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["E01"] = Refused(-1),
        ["E04"] = Refused(Max + 1),
        ["E07"] = new(async target =>
        {
            await LimitAsync(target, "\"metric\": \"input_tokens\", \"limit\": 100, \"default_estimate\": 30");
            Assert.Equal(30, (await target.DecideAsync(HostileTarget.Ask())).Limits[0].Used);
            Assert.Equal(60, (await target.DecideAsync(Ask(0))).Limits[0].Used);
        }),
        ["E11"] = new(target => target.RefusedAsync(
            target.Enforcement.EnforceAsync(HostileTarget.Ask(request => request.Estimate = new Estimate { CostNanosUsd = long.MaxValue }), target.Headers),
            "estimate.cost_nanos_usd",
            "NUMBER_RANGE",
            Max,
            long.MaxValue)),
        ["E12"] = new(async target =>
        {
            await LimitAsync(target, "\"metric\": \"cost_usd\", \"limit\": 3.00");
            for (var call = 0; call < 10; call++)
            {
                var cents = call % 2 == 0 ? 10 : 20;
                Assert.Equal(Decision.Allow, (await target.DecideAsync(Dollars(cents * 10_000_000L))).Decision);
            }

            Assert.Equal((Decision.Deny, 1_500_000_000L), (await target.DecideAsync(Dollars(1_500_000_001))) is var answer ? (answer.Decision, answer.Limits[0].Used) : default);
            Assert.Equal((Decision.Allow, 0L), (await target.DecideAsync(Dollars(1_500_000_000))) is var last ? (last.Decision, last.Limits[0].Remaining) : default);
        }),
        ["E15"] = new(async target =>
        {
            var token = await ReserveAsync(target);
            await target.RefusedAsync(Settle(target, token, -5), "usage.input_tokens", "NUMBER_RANGE", Max, -5);
        }),
        ["E16"] = new(async target =>
        {
            var settled = await Settle(target, await ReserveAsync(target), 500);
            Assert.Equal((true, 500L, 0L), (settled.Overrun, settled.Limits[0].Used, settled.Limits[0].Remaining));
            Assert.Equal("QUOTA_EXCEEDED", (await target.DecideAsync(Ask(1))).ReasonCode);
        }),
        ["E17"] = new(target => target.FailsAsync(Settle(target, "AAAA", 1), StatusCode.NotFound, "RESERVATION_NOT_FOUND")),
        ["E19"] = new(async target =>
        {
            var token = await ReserveAsync(target);
            await Settle(target, token, 10);
            await target.FailsAsync(Settle(target, token, 11), StatusCode.AlreadyExists, "IDEMPOTENCY_MISMATCH");
        }),
        ["E20"] = new(async target =>
        {
            var token = await ReserveAsync(target);
            await target.Agents.PutAgentAsync(new PutAgentRequest { AgentId = "other" }, target.Headers);
            await target.FailsAsync(Settle(target, token, 1, "other"), StatusCode.NotFound, "RESERVATION_NOT_FOUND");
            var (_, stranger) = await target.Server.NewTenantAsync();
            await target.FailsAsync(
                target.Enforcement.CancelAsync(new CancelRequest { Token = token, AgentId = HostileTarget.Bot }, target.Server.With(stranger)),
                StatusCode.NotFound,
                "RESERVATION_NOT_FOUND");
        }),
        ["E22"] = new(async target =>
        {
            await LimitAsync(target, "\"metric\": \"requests\", \"limit\": 0");
            var answer = await target.DecideAsync(HostileTarget.Ask());
            Assert.Equal((Decision.Deny, "QUOTA_EXCEEDED", 0L, 0L), (answer.Decision, answer.ReasonCode, answer.Limits[0].Limit, answer.Limits[0].Used));
        }),
        ["E23"] = new(target => PolicyRows.RefusedAsync(target, Limit("\"limit\": -1, \"window\": \"day\""), "NUMBER_RANGE")),
        ["E26"] = new(
            async target =>
            {
                foreach (var window in new[] { "0s", "-1s", "1ns", "1000y", "367d" })
                {
                    await PolicyRows.RefusedAsync(target, Limit($"\"limit\": 1, \"window\": \"{window}\""), "WINDOW_INVALID");
                }
            },
            "one code for windows that are too short, too long or none"),
        ["E28"] = new(async target =>
        {
            await LimitAsync(target, "\"metric\": \"requests\", \"limit\": 1");
            var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => target.Enforcement.EnforceAsync(HostileTarget.Ask(), target.Headers).ResponseAsync));
            target.Decisions += 100;
            Assert.Single(answers, answer => answer.Decision == Decision.Allow);
            Assert.Equal(99, answers.Count(answer => answer.ReasonCode == "QUOTA_EXCEEDED"));
        }),
        ["G05"] = new(async target =>
        {
            foreach (var time in new[] { new Duration { Seconds = -1 }, new Duration { Seconds = 10_001L * 366 * 86_400 }, new Duration(), new Duration { Seconds = 1, Nanos = -1 } })
            {
                await target.RefusedAsync(
                    target.Agents.AdjustQuotaAsync(
                        new AdjustQuotaRequest { AgentId = HostileTarget.Bot, Policy = "limits", Limit = "l", Delta = 1, Reason = "r", ExpiresIn = time }, target.Headers),
                    "expires_in",
                    "DURATION_RANGE");
            }
        }),
        ["G14"] = new(
            async target =>
            {
                await LimitAsync(target, "\"metric\": \"input_tokens\", \"limit\": 100");
                var ask = Ask(7);
                ask.RequestId = "once";
                var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => target.Enforcement.EnforceAsync(ask, target.Headers).ResponseAsync));
                target.Decisions += 100;
                Assert.Equal(99, answers.Count(answer => answer.Replayed));
                Assert.All(answers, answer => Assert.Equal((Decision.Allow, 7L), (answer.Decision, answer.Limits[0].Used)));
            },
            "design.md section 4: the charge is repeated, never in progress: check and charge are one step"),
    };

    private static string Limit(string figures) =>
        $$"""{ "name": "p", "rules": [ { "allow": "a" } ], "limits": [ { "name": "l", "metric": "requests", {{figures}} } ] }""";

    private static RowRun Refused(long tokens) => new(target => target.RefusedAsync(
        target.Enforcement.EnforceAsync(Ask(tokens), target.Headers), "estimate.input_tokens", "NUMBER_RANGE", Max, tokens));

    private static EnforceRequest Ask(long tokens) => HostileTarget.Ask(request => request.Estimate = new Estimate { InputTokens = tokens });

    private static EnforceRequest Dollars(long nanos) => HostileTarget.Ask(request => request.Estimate = new Estimate { CostNanosUsd = nanos });

    private static Task LimitAsync(HostileTarget target, string limit) => target.LimitAsync(limit);

    private static async Task<string> ReserveAsync(HostileTarget target)
    {
        await LimitAsync(target, "\"metric\": \"input_tokens\", \"limit\": 100");
        return (await target.DecideAsync(Ask(50))).Reservation.Token;
    }

    private static AsyncUnaryCall<SettleResponse> Settle(HostileTarget target, string token, long tokens, string agent = HostileTarget.Bot) =>
        target.Enforcement.SettleAsync(new SettleRequest { Token = token, AgentId = agent, Usage = new Usage { InputTokens = tokens } }, target.Headers);
}
