using System.Reflection;
using ControlZero.Grains.Feed;
using ControlZero.Server.Health;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Health;

public sealed class SiloMembershipTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly MembershipContact _contact;

    public SiloMembershipTests()
    {
        // Nobody is ever reached: it is the clock alone that says since when.
        var freshness = new SiloFreshness(Options.Create(new FreshnessOptions()), _clock);
        _contact = new MembershipContact(null!, null!, null!, freshness, _clock, NullLogger<MembershipContact>.Instance);
    }

    [Fact]
    public void ActiveSilo_ThatHeardNobodyForTheLimit_IsCutOff()
    {
        var membership = new SiloMembership(Oracle.Saying(SiloStatus.Active), _contact);
        var before = membership.Missing;

        _clock.Advance(MembershipContact.Limit + TimeSpan.FromMilliseconds(1));

        Assert.Equal((null, "cut_off"), (before, membership.Missing));
    }

    [Fact]
    public void SiloAlone_IsNeverCutOff()
    {
        _clock.Advance(MembershipContact.Limit * 2);

        Assert.Null(new SiloMembership(Oracle.Saying(SiloStatus.Active), contact: null).Missing);
    }

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.ShuttingDown)]
    [InlineData(SiloStatus.Dead)]
    public void Silo_ThatIsNoActiveMember_SaysSo(SiloStatus status) =>
        Assert.Equal("silo_not_active", new SiloMembership(Oracle.Saying(status), _contact).Missing);

    public void Dispose() => _contact.Dispose();

    /// <summary>Knows its own status and nothing else.</summary>
    public class Oracle : DispatchProxy
    {
        private SiloStatus _status;

        internal static ISiloStatusOracle Saying(SiloStatus status)
        {
            var oracle = Create<ISiloStatusOracle, Oracle>();
            ((Oracle)(object)oracle)._status = status;
            return oracle;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod?.Name == "get_CurrentStatus" ? _status : throw new NotSupportedException(targetMethod?.Name);
    }
}
