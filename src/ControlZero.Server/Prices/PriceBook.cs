using System.Collections.Immutable;
using ControlZero.Engine.Prices;
using ControlZero.Engine.Quotas;

namespace ControlZero.Server.Prices;

/// <summary>
/// The price table in force. Follows its file without a restart: a table replaces the one before as a whole, and each server follows its own
/// copy of the file, so that for a moment two may hold different prices, as the digests in their status show.
/// </summary>
internal sealed partial class PriceBook(PriceSettings settings, TimeProvider clock, ILogger<PriceBook> log) : BackgroundService, IModelPrices
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private volatile PriceTable _table = PriceTable.Empty;
    private (DateTime Written, long Length)? _seen;

    /// <summary>The table. Empty: no file is named.</summary>
    public PriceTable Table => _table;

    /// <inheritdoc/>
    public ImmutableArray<PricedModel> Models => _table.Models;

    /// <inheritdoc/>
    public PricedModel? Find(string resource) => _table.Find(resource);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Look();
        return base.StartAsync(cancellationToken);
    }

    /// <summary>Reads the file when it has changed since it was last looked at.</summary>
    public void Look()
    {
        if (settings.File is not { } file || Stamp(file) is var stamp && stamp == _seen)
        {
            return;
        }

        _seen = stamp;
        var read = PriceSettings.ReadFile(file);
        foreach (var finding in read.Findings.Take(100))
        {
            LogFinding(file, finding.ToString());
        }

        if (read.Table is not { } table)
        {
            LogKept(file, _table.Version);
        }
        else if (table.Digest != _table.Digest || table.Version != _table.Version)
        {
            _table = table;
            LogLoaded(file, table.Version, table.Digest, table.Models.Length);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.File is null)
        {
            return;
        }

        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    // A file that is gone has a stamp of its own: it is told once.
    private static (DateTime Written, long Length)? Stamp(string file)
    {
        var info = new FileInfo(file);
        return info.Exists ? (info.LastWriteTimeUtc, info.Length) : (default, -1);
    }
}
