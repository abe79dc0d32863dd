using ControlZero.Grains.Cluster;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Health;

/// <summary>
/// Whether this silo still hears of its cluster: it reads its own row of the membership table, or else some other silo answers. One that is cut off
/// from both goes on with what it has, and does not notice that it was replaced; it says at least that it wants no work. What it may still allow is for
/// its freshness to say. One that reads of its own death has Orleans look at once: it ends, and whoever runs it starts it anew, while Orleans' own look
/// could be another ten seconds away.
/// </summary>
internal sealed partial class MembershipContact : BackgroundService
{
    /// <summary>After so long without contact the silo is cut off. Unit: time.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // One row, read by its key. A look that begins while the silo is cut off must not keep the next one waiting when it is not any more.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TablePatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PeerPatience = TimeSpan.FromSeconds(2);

    private readonly IMembershipTable _table;
    private readonly IClusterMembershipService _membership;
    private readonly IClusterView _cluster;
    private readonly SiloFreshness _freshness;
    private readonly TimeProvider _clock;
    private readonly ILogger<MembershipContact> _logger;
    private volatile Contact _last;
    private volatile bool _isReplaced;
    private bool _said;

    public MembershipContact(
        IMembershipTable table,
        IClusterMembershipService membership,
        IClusterView cluster,
        SiloFreshness freshness,
        [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
        ILogger<MembershipContact> logger)
    {
        (_table, _membership, _cluster, _freshness, _clock, _logger) = (table, membership, cluster, freshness, clock, logger);
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

        if (_isReplaced)
        {
            await LearnAsync(cancellationToken);
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
            var row = await _table.ReadRowAsync(_cluster.Self!, cancellationToken).WaitAsync(TablePatience, _clock, cancellationToken);
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
            var silos = await _cluster.AskAsync(cancellationToken).WaitAsync(PeerPatience, _clock, cancellationToken);
            return silos.Any(silo => silo.Facts is not null && !silo.Address.Equals(_cluster.Self));
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    // Orleans ends the process when it reads that it is dead. Should it not get to read, the next look asks it again.
    private async Task LearnAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _membership.Refresh(default, cancellationToken).AsTask().WaitAsync(PeerPatience, _clock, cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotLearned(failure);
        }
    }

    [LoggerMessage(EventId = 4011, Level = LogLevel.Error, Message = "Neither the membership table nor another silo answers, or the others gave this silo up; it is not ready")]
    private partial void LogLost();

    [LoggerMessage(EventId = 4012, Level = LogLevel.Warning, Message = "This silo hears of its cluster again")]
    private partial void LogBack();

    [LoggerMessage(EventId = 4013, Level = LogLevel.Warning, Message = "The others gave this silo up, and it could not read its cluster's members to end by")]
    private partial void LogNotLearned(Exception failure);

    private sealed record Contact(Moment At);
}
