using ControlZero.Engine;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Agents;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Cluster;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Models;
using ControlZero.Server.Policies;
using ControlZero.Server.Tenants;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ControlZero.Server.Rpc;

/// <summary>Wires the gRPC front door.</summary>
internal static class RpcExtensions
{
    public static IServiceCollection AddFrontDoor(this IServiceCollection services)
    {
        services.AddSingleton<WrongKeyLimit>();
        services.AddSingleton<KeyAuthenticator>();
        services.AddSingleton<KeyRecheck>();
        services.AddSingleton<AgentReferences>();
        services.AddSingleton<AgentList>();
        services.AddSingleton(provider => new GrainDecisions(
            provider.GetRequiredService<AgentReferences>().Get, provider.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key)));
        services.AddSingleton<FrontDoors>();
        services.AddSingleton<LocalDecisions>();
        services.AddSingleton<DecisionAnswers>();
        services.AddSingleton<GroupedDecisions>();
        services.AddSingleton<Settlements>();
        services.AddSingleton<StreamSettlements>();
        services.AddSingleton<FailureTranslator>();

        services.AddSingleton<StatusGuard>();
        services.AddSingleton<CallLimit>();

        // Left to gRPC, each call would make these anew.
        services.AddSingleton<EnforcementService>();
        services.AddSingleton<EnforceFastPath>();
        services.AddSingleton<PolicyService>();
        services.AddSingleton<AgentService>();
        services.AddSingleton<ModelService>();
        services.AddSingleton<TenantService>();
        services.AddSingleton<ClusterService>();
        services.AddSingleton<SetupReader>();
        services.AddGrpc(options =>
        {
            options.EnableDetailedErrors = false;
            options.MaxReceiveMessageSize = Limits.AdminMessageMaxBytes;
        })
            .AddServiceOptions<EnforcementService>(options => options.MaxReceiveMessageSize = Limits.BatchMessageMaxBytes);

        // gRPC inflates a compressed message without a bound, so 2 MB could become 2 GB. After all other configuration: gRPC adds gzip
        // to its options later than it calls the lambda above.
        services.PostConfigure<GrpcServiceOptions>(options => options.CompressionProviders.Clear());
        services.AddGrpcReflection();
        services.RemoveAll(typeof(IServiceMethodProvider<>));
        services.AddSingleton(typeof(IServiceMethodProvider<>), typeof(CheckedServiceMethodProvider<>));
        return services;
    }

    public static WebApplication MapFrontDoor(this WebApplication app)
    {
        // All that answers a call is a singleton, so no call needs a scope of its own.
        app.Use((http, next) =>
        {
            http.RequestServices = app.Services;
            return next(http);
        });
        app.UseRouting();
        app.UseMiddleware<PastDeadlineMiddleware>();
        app.UseMiddleware<CallLimitMiddleware>();
        app.UseMiddleware<KeyAuthenticationMiddleware>();
        app.UseMiddleware<StreamCutoffMiddleware>();
        app.MapGrpcService<EnforcementService>().Add(app.Services.GetRequiredService<EnforceFastPath>().PutBefore);
        app.MapGrpcService<PolicyService>();
        app.MapGrpcService<AgentService>();
        app.MapGrpcService<ModelService>();
        app.MapGrpcService<TenantService>();
        app.MapGrpcService<AuditService>();
        app.MapGrpcService<ClusterService>();
        app.MapGrpcReflectionService();
        return app;
    }

    /// <summary>Who calls. The middleware made sure that there is somebody.</summary>
    public static ClientIdentity GetCaller(this ServerCallContext context) =>
        context.GetHttpContext().Features.Get<ClientIdentity>()
            ?? throw new InvalidOperationException($"{context.Method} takes no key and asks who calls");
}
