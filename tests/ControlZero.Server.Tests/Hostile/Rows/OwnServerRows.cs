using System.Globalization;
using ControlZero.Audit.Log;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Audit;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Server.Tests.Hosting.Logging;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Rows that need a server to themselves: its clock is moved by months, its parts break.</summary>
internal static class OwnServerRows
{
    private const string Secret = "Server=10.0.0.9;Password=hunter2";

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["G06"] = new(SkippedAndRepeatedTimesAsync, "design.md section 3: a schedule is held against the clock on the wall; a time that comes twice is matched twice"),
        ["I07"] = new(OneTenantTooManyAsync),
        ["J09"] = new(BrokenAsync, "each error has a reason in a word: INTERNAL"),
    };

    // The limit is 10,000, as this row has it, and the server that is told another figure has two: its first tenant, and the row's.
    private static async Task OneTenantTooManyAsync(HostileTarget target)
    {
        Assert.Equal(10_000, await MaxTenantsAsync(target));
        await using var server = await StartAsync(new SmallServer());
        var small = await HostileTarget.CreateAsync(server);
        Assert.Equal(2, await MaxTenantsAsync(small));

        var refused = new CreateTenantRequest { TenantId = "third" };
        var status = await small.FailsAsync(small.Tenants.CreateTenantAsync(refused, server.With()), StatusCode.ResourceExhausted, "TENANT_LIMIT");

        var info = status!.GetDetail<ErrorInfo>();
        Assert.Equal(("tenant_id", "2"), (info.Metadata["field"], info.Metadata["limit"]));
        Assert.Contains("`Tenants:Max`", status!.Message, StringComparison.Ordinal);
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "TENANT_NOT_FOUND", small.Tenants.GetTenantAsync(new GetTenantRequest { TenantId = "third" }, server.With()));
        await RpcAssert.FailsAsync(
            StatusCode.AlreadyExists, "TENANT_EXISTS", small.Tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = small.Tenant }, server.With()));
        Assert.Equal(2, (await small.Tenants.ListTenantsAsync(new ListTenantsRequest(), server.With())).Tenants.Count);
        target.Failures.AddRange(small.Failures);
    }

    private static async Task<long> MaxTenantsAsync(HostileTarget target) =>
        (await target.Cluster.GetLimitsAsync(new GetLimitsRequest(), target.Headers)).Limits.Single(limit => limit.Name == "cluster_max_tenants").Value;

    private static async Task BrokenAsync(HostileTarget target)
    {
        await using var server = await StartAsync(new BrokenServer());
        var broken = await HostileTarget.CreateAsync(server);

        var status = await broken.FailsAsync(broken.Enforcement.EnforceAsync(HostileTarget.Ask(), broken.Headers), StatusCode.Internal, "INTERNAL");

        // All there is of it: nothing but the incident, by which the log has the rest.
        Assert.Single(status!.Details);
        var (key, incident) = Assert.Single(status.GetDetail<ErrorInfo>().Metadata);
        Assert.Equal(("incident", $"internal error, incident {incident}"), (key, status.Message));
        Assert.DoesNotContain(Secret, status.ToByteString().ToStringUtf8(), StringComparison.Ordinal);
        Assert.Contains(server.Written.Lines, line => line.Contains(incident, StringComparison.Ordinal));
        target.Failures.AddRange(broken.Failures);
    }

    // In New York the clocks skip from 2:00 to 3:00 on 14 March 2027, and go back from 2:00 to 1:00 on 7 November.
    private static async Task SkippedAndRepeatedTimesAsync(HostileTarget target)
    {
        await using var server = await StartAsync(new RunningServer());
        var moved = await HostileTarget.CreateAsync(server);
        await moved.PublishAsync(Scheduled("skipped", "02:15", "02:45"));
        await moved.PublishAsync(Scheduled("repeated", "01:15", "01:45"));

        foreach (var (moment, skipped, repeated) in new[]
        {
            ("2027-03-13T07:30:00Z", Decision.Allow, Decision.Deny),
            ("2027-03-14T06:30:00Z", Decision.Deny, Decision.Allow),
            ("2027-03-14T06:59:00Z", Decision.Deny, Decision.Deny),
            ("2027-03-14T07:30:00Z", Decision.Deny, Decision.Deny),
            ("2027-11-07T05:30:00Z", Decision.Deny, Decision.Allow),
            ("2027-11-07T06:30:00Z", Decision.Deny, Decision.Allow),
            ("2027-11-07T07:30:00Z", Decision.Allow, Decision.Deny),
        })
        {
            server.Clock.Advance(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture) - server.Clock.GetUtcNow());
            Assert.Equal((moment, skipped), (moment, (await moved.DecideAsync(Ask("skipped"))).Decision));
            Assert.Equal((moment, repeated), (moment, (await moved.DecideAsync(Ask("repeated"))).Decision));
        }

        static EnforceRequest Ask(string name) => HostileTarget.Ask(request => (request.Action, request.Resource) = ("clock.ask", $"time/{name}"));
    }

    private static string Scheduled(string name, string from, string to) => $$"""
        name: {{name}}
        rules:
        - allow: clock.ask
          resources: time/{{name}}
          when: { request.time: { between: {from: '{{from}}', to: '{{to}}', zone: America/New_York} } }
        """;

    private static async Task<TServer> StartAsync<TServer>(TServer server)
        where TServer : RunningServer
    {
        await server.InitializeAsync();
        return server;
    }

    private sealed class SmallServer : RunningServer
    {
        private protected override int MaxTenants => 2;
    }

    /// <summary>A server whose audit log fails in a way that nobody foresaw.</summary>
    private sealed class BrokenServer : RunningServer
    {
        public WrittenLines Written { get; } = new();

        private protected override void AlsoAdd(IServiceCollection services)
        {
            base.AlsoAdd(services);
            services.AddSingleton<ILoggerProvider>(Written);
            services.AddSingleton<IAuditLog>(new MemoryLog { Outcome = _ => throw new InvalidOperationException($"no connection to {Secret}") });
        }
    }
}
