using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>The limits in force: those of the policies, which somebody raises, lowers, removes and publishes again while the run goes on.</summary>
internal sealed class PublishedLimits
{
    private static readonly QuotaWindow Minute = QuotaWindow.Parse("1m");
    private static readonly QuotaWindow Hour = QuotaWindow.Parse("hour");

    private static readonly (QuotaScope Scope, string Name, QuotaMetric Metric, long Standard, QuotaWindow? Window)[] Kinds =
    [
        (QuotaScope.Agent, "rpm", QuotaMetric.Requests, 60, Minute),
        (QuotaScope.Agent, "tokens", QuotaMetric.TotalTokens, 8_000, Hour),
        (QuotaScope.Agent, "parallel", QuotaMetric.InFlight, 8, null),
        (QuotaScope.Tenant, "team-rpm", QuotaMetric.Requests, 90, Minute),
        (QuotaScope.Tenant, "team-tokens", QuotaMetric.TotalTokens, 12_000, Hour),
        (QuotaScope.Tenant, "team-parallel", QuotaMetric.InFlight, 12, null),
    ];

    private readonly QuotaLimit?[] _inForce = [.. Kinds.Select((_, kind) => Make(kind, Kinds[kind].Standard))];

    /// <summary>How long a call may be under way.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromSeconds(20);

    /// <summary>The most that one request asks of a limit.</summary>
    public const long MostTokens = 200;

    public IReadOnlyList<QuotaLimit> InForce => [.. _inForce.OfType<QuotaLimit>()];

    /// <summary>One of those with a window. Null: none is in force.</summary>
    public QuotaLimit? Any(Dice dice)
    {
        var windowed = InForce.Where(limit => limit.Window is not null).ToList();
        return windowed.Count == 0 ? null : windowed[dice.Below(windowed.Count)];
    }

    /// <summary>Changes one of them.</summary>
    public void Change(World world, Referee referee)
    {
        var kind = world.Dice.Below(Kinds.Length);
        var standard = Kinds[kind].Standard;
        if (_inForce[kind] is not { } old)
        {
            Publish(kind, standard, Happening.LimitPublishedAgain, world, referee);
            return;
        }

        switch (world.Dice.Below(3))
        {
            case 0:
                Publish(kind, old.Limit + 1 + world.Dice.Below((int)standard), Happening.LimitRaised, world, referee);
                break;
            case 1:
                Publish(kind, world.Dice.Below((int)old.Limit + 1), Happening.LimitLowered, world, referee);
                break;
            default:
                _inForce[kind] = null;
                world.Note(Happening.LimitRemoved, $"limit {old.Key.Name} is removed");
                world.After(world.Dice.Between(100, 20_000), () =>
                {
                    if (_inForce[kind] is null)
                    {
                        Publish(kind, standard, Happening.LimitPublishedAgain, world, referee);
                    }
                });
                break;
        }
    }

    /// <summary>Tells the referee what is in force from the start.</summary>
    public void Announce(World world, Referee referee)
    {
        foreach (var limit in _inForce.OfType<QuotaLimit>())
        {
            referee.OnLimit(limit, world.Now);
        }
    }

    private static QuotaLimit Make(int kind, long limit) =>
        new(Kinds[kind].Scope, "policy", Kinds[kind].Name, Kinds[kind].Metric, limit, Kinds[kind].Window) { Hold = Hold };

    private void Publish(int kind, long limit, Happening happening, World world, Referee referee)
    {
        var published = Make(kind, limit);
        _inForce[kind] = published;
        referee.OnLimit(published, world.Now);
        world.Note(happening, $"limit {published.Key.Name} is {limit}");
    }
}
