using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ControlZero.Client.Tests.Configuration;

/// <summary>These tests read and set the environment of this process, so nothing else runs beside them.</summary>
[Collection(nameof(ServiceRegistrationTests))]
[CollectionDefinition(nameof(ServiceRegistrationTests), DisableParallelization = true)]
public sealed class ServiceRegistrationTests : ClientTest
{
    [Fact]
    public async Task AddControlZeroClient_SectionAndCode_CodeWins()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow(new Obligation { Name = "log" }));
        await using var provider = Host(
            new() { ["ControlZero:Url"] = Cluster.Url, ["ControlZero:ApiKey"] = Key, ["ControlZero:AgentId"] = "of-section", ["ControlZero:Timeout"] = "00:00:30", ["ControlZero:Obligations:0"] = "log" },
            options => options.AgentId = "of-code");

        var decision = await provider.GetRequiredService<ControlZeroClient>().CheckAsync("x");

        Assert.True(decision.Allowed);
        Assert.Equal("of-code", Cluster.Received<EnforceRequest>().Single().AgentId);
        Assert.Same(provider.GetRequiredService<ControlZeroClient>(), provider.GetRequiredService<ControlZeroClient>());
    }

    [Fact]
    public async Task AddControlZeroClient_HostWithoutConfiguration_Works()
    {
        await using var provider = new ServiceCollection().AddControlZeroClient(options => options.ApiKey = Key).BuildServiceProvider();

        Assert.NotNull(provider.GetRequiredService<ControlZeroClient>());
    }

    [Fact]
    public async Task AddControlZeroClient_InvalidOptions_TheHostDoesNotStart()
    {
        await using var provider = Host(new() { ["ControlZero:Url"] = "nowhere", ["ControlZero:MaxAttempts"] = "99" });

        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal(["Url", "ApiKey", "MaxAttempts"], error.Failures.Select(fault => fault.Split(':')[0]));
    }

    [Fact]
    public async Task Constructor_NoOptions_ReadsTheEnvironmentOfTheProcess()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());
        (string Name, string Value)[] variables = [("CONTROLZERO_URL", Cluster.Url), ("CONTROLZERO_API_KEY", Key), ("CONTROLZERO_AGENT_ID", "of-environment")];
        foreach (var (name, value) in variables)
        {
            System.Environment.SetEnvironmentVariable(name, value);
        }

        try
        {
            await using var client = new ControlZeroClient();
            await client.CheckAsync("x");
        }
        finally
        {
            foreach (var (name, _) in variables)
            {
                System.Environment.SetEnvironmentVariable(name, null);
            }
        }

        Assert.Equal("of-environment", Cluster.Received<EnforceRequest>().Single().AgentId);
    }

    private static ServiceProvider Host(Dictionary<string, string?> section, Action<ControlZeroClientOptions>? configure = null) => new ServiceCollection()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(section).Build())
        .AddControlZeroClient(configure)
        .BuildServiceProvider();
}
