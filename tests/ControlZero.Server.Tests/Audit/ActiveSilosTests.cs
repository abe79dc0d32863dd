using System.Net;
using System.Reflection;
using ControlZero.Server.Audit.Keeping;
using ControlZero.Server.Cluster.Setups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace ControlZero.Server.Tests.Audit;

/// <summary>Whose log is on a disk that nobody can read just now.</summary>
public sealed class ActiveSilosTests
{
    [Theory]
    [InlineData(SiloStatus.Dead)]
    [InlineData(SiloStatus.Stopping)]
    [InlineData(SiloStatus.ShuttingDown)]
    public void Silo_ThatIsDownAndNotBack_IsAbsent(SiloStatus status) =>
        Assert.Equal(["b"], Absent(("a", SiloStatus.Active), ("b", status), ("b", SiloStatus.Dead)));

    [Fact]
    public void Silo_ThatIsStartedAgain_IsAbsentUntilItIsActive()
    {
        Assert.Equal(["b"], Absent(("a", SiloStatus.Active), ("b", SiloStatus.Dead), ("b", SiloStatus.Joining)));
        Assert.Empty(Absent(("a", SiloStatus.Active), ("b", SiloStatus.Dead), ("b", SiloStatus.Active)));
    }

    [Fact]
    public void Silo_ThatStartsForTheFirstTime_IsNotAbsent() => Assert.Empty(Absent(("a", SiloStatus.Active), ("b", SiloStatus.Joining)));

    /// <summary>Who was not asked is named, though he is back by now; who was asked is not, though he stops by now: his own answer tells.</summary>
    [Fact]
    public void Silo_ThatComesOrGoesMeanwhile_IsWhatItWas()
    {
        var silos = Oracle.Knowing(("a", SiloStatus.Active), ("b", SiloStatus.Dead), ("b", SiloStatus.Active), ("c", SiloStatus.ShuttingDown));

        Assert.Equal(["b"], silos.AbsentNames(new HashSet<string> { "a", "c" }));
    }

    /// <summary>A server that is started again every few minutes must not have another one forgotten that is down since yesterday.</summary>
    [Fact]
    public void Membership_RemembersAThousandLivesForAWeek()
    {
        using var host = new HostBuilder().UseOrleans(silo => silo.UseLocalhostClustering().UseClusterProfile(new ClusterSettings())).Build();
        var membership = host.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;

        Assert.Equal(1_000, membership.MaxDefunctSiloEntries);
        Assert.Equal(TimeSpan.FromDays(7), membership.DefunctSiloExpiration);
    }

    private static IEnumerable<string> Absent(params (string Name, SiloStatus Status)[] known)
    {
        var silos = Oracle.Knowing(known);
        return silos.AbsentNames(silos.ActiveNames());
    }

    /// <summary>Knows names and statuses.</summary>
    public class Oracle : DispatchProxy
    {
        private Dictionary<SiloAddress, (string Name, SiloStatus Status)> _known = [];

        internal static ISiloStatusOracle Knowing(params (string Name, SiloStatus Status)[] known)
        {
            var oracle = Create<ISiloStatusOracle, Oracle>();
            ((Oracle)(object)oracle)._known = known.Select((silo, place) => (silo, place))
                .ToDictionary(each => SiloAddress.New(IPAddress.Loopback, 11_111, each.place), each => each.silo);
            return oracle;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            switch (targetMethod?.Name)
            {
                case nameof(ISiloStatusOracle.GetApproximateSiloStatuses):
                    return _known.Where(silo => args![0] is not true || silo.Value.Status == SiloStatus.Active).ToDictionary(silo => silo.Key, silo => silo.Value.Status);
                case nameof(ISiloStatusOracle.TryGetSiloName):
                    args![1] = _known[(SiloAddress)args[0]!].Name;
                    return true;
                default:
                    throw new NotSupportedException(targetMethod?.Name);
            }
        }
    }
}
