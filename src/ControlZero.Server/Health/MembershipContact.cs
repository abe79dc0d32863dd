using ControlZero.Grains.Cluster;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Health;

/// <summary>
/// Whether this silo still hears of its cluster: it reads its own row of the membership table, or else some other silo answers. One that is cut off
/// from both goes on with what it has, and does not notice that it was replaced; it says at least that it wants no work. What it may still allow is for
/// its freshness to say.
/// </summary>
internal sealed partial class MembershipContact : BackgroundService
{
    /// <summary>After so long without contact the silo is cut off. Unit: time.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly IMembershipTable _table;
    private readonly IClusterView _cluster;
    private readonly SiloFreshness _freshness;
    private readonly TimeProvider _clock;
    private readonly ILogger<MembershipContact> _logger;
    private volatile Contact _last;
    private volatile bool _isReplaced;
    private bool _said;

    public MembershipContact(
        IMembershipTable table,
        IClusterView cluster,
        SiloFreshness freshness,
        [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
        ILogger<MembershipContact> logger)
    {
        (_table, _cluster, _freshness, _clock, _logger) = (table, cluster, freshness, clock, logger);
        _last = new Contact(freshness.Now());
    }

    /// <summary>True when neither the table nor a peer answered for <see cref="Limit"/>, or the table says that the others gave this silo up.</summary>
    public bool IsLost => _isReplaced || _freshness.Since(_last.At) > Limit;

    /// <summary>Looks once. Never fails: what came of it is <see cref="IsLost"/>.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        // INVARIANT: what this look confirms was so after it began.
        var begun = _freshness.Now();
        if (await ReadsTableAsync(cancellationToken) || await HearsPeerAsync(cancellationToken))
        {
            _last = new Contact(begun);
        }

        if (IsLost != _said)
        {
            _said = IsLost;
            if (_said)
            {
                LogLost();
            }
            else
            {
                LogBack();
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _clock);
        try
        {
            do
            {
                await LookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task<bool> ReadsTableAsync(CancellationToken cancellationToken)
    {
        try
        {
            var row = await _table.ReadRowAsync(_cluster.Self!, cancellationToken).WaitAsync(Patience, _clock, cancellationToken);
            _isReplaced = row.Members.Any(member => member.Item1.SiloAddress.Equals(_cluster.Self) && member.Item1.Status == SiloStatus.Dead);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> HearsPeerAsync(CancellationToken cancellationToken)
    {
        try
        {
            var silos = await _cluster.AskAsync(cancellationToken).WaitAsync(Patience, _clock, cancellationToken);
            return silos.Any(silo => silo.Facts is not null && !silo.Address.Equals(_cluster.Self));
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 4011, Level = LogLevel.Error, Message = "Neither the membership table nor another silo answers, or the others gave this silo up; it is not ready")]
    private partial void LogLost();

    [LoggerMessage(EventId = 4012, Level = LogLevel.Warning, Message = "This silo hears of its cluster again")]
    private partial void LogBack();

    private sealed record Contact(Moment At);
}
