using ControlZero.Server.Audit.Reading;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Audit;

public sealed class FrontDoorNamesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Names_AreThoseThatAnnouncedThemselvesOfLate()
    {
        var names = new FrontDoorNames(_time);
        names.Add("frontdoor-b");
        _time.Advance(FrontDoorNames.Kept - FrontDoorNames.Interval);
        names.Add("frontdoor-a");
        Assert.Equal(["frontdoor-a", "frontdoor-b"], names.Present());

        _time.Advance(FrontDoorNames.Interval + TimeSpan.FromTicks(1));
        Assert.Equal(["frontdoor-a"], names.Present());

        names.Add("frontdoor-b");
        Assert.Equal(["frontdoor-a", "frontdoor-b"], names.Present());
    }

    // Whoever can call silos could announce names without end.
    [Fact]
    public void Names_WithoutEnd_TakeNoMemoryWithoutEnd()
    {
        var names = new FrontDoorNames(_time);
        for (var number = 0; number < 5_000; number++)
        {
            names.Add($"frontdoor-{number}");
        }

        Assert.Equal(1_000, names.Present().Length);
    }
}
