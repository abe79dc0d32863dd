using ControlZero.Storage.Redis;
using ControlZero.Storage.Tests.Membership;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Storage.Tests.Redis;

[Collection(RedisCollection.Name)]
public sealed class RedisMembershipTests(RedisFixture redis) : MembershipTableContract
{
    private readonly List<ServiceProvider> _silos = [];

    public override async Task DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("host:notaport,password=hush,colour=blue")]
    [InlineData("password=hush")]
    public void UseRedisMembership_OfWhatIsNoConnectionString_SaysSoWithoutThePassword(string connectionString)
    {
        var refusal = Assert.Throws<ArgumentException>(() => new TestSilo("service").UseRedisMembership(connectionString));

        Assert.StartsWith("the Redis connection string cannot be read: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", refusal.Message, StringComparison.Ordinal);
    }

    protected override string NewClusterId() => redis.NewId();

    protected override IMembershipTable Open(string clusterId)
    {
        var silo = new TestSilo("service", clusterId);
        silo.UseRedisMembership(redis.Server.ConnectionString);
        var services = silo.Services.BuildServiceProvider();
        _silos.Add(services);
        return services.GetRequiredService<IMembershipTable>();
    }
}
