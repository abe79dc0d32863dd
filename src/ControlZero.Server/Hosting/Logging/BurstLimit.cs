using System.Collections.Concurrent;

namespace ControlZero.Server.Hosting.Logging;

/// <summary>
/// Passes on the first warnings and errors of a kind in each interval and counts the rest: in an outage every call has its own, with a stack trace, and a
/// disk full of them is an outage of its own. What was held back is said once an interval, in a line of the same category.
/// </summary>
/// <remarks>
/// A kind is a category's event. Critical entries and those of the audit log, or that say that units of a limit are lost, are always passed on: each of
/// them is a fact that somebody may have to account for. So is what is below a warning: nobody sees it who did not ask for it.
/// </remarks>
internal sealed partial class BurstLimit : ILoggerProvider, ISupportExternalScope
{
    /// <summary>How long a kind is counted before it is passed on anew. Unit: time.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private static readonly string[] AlwaysPassed = ["ControlZero.Audit.", "ControlZero.Server.Audit."];

    // Units of an agent's limits, or of a tenant's, that could not be given back.
    private static readonly int[] Losses = [2103, 2303];

    private readonly ILoggerProvider _inner;
    private readonly int _burst;
    private readonly ITimer _timer;
    private readonly ConcurrentBag<LimitedLogger> _loggers = [];

    /// <summary>Limits a provider, which it owns.</summary>
    /// <param name="inner">What writes.</param>
    /// <param name="burst">How many of a kind are passed on in an interval, 1 at least.</param>
    /// <param name="clock">Counts the intervals.</param>
    public BurstLimit(ILoggerProvider inner, int burst, TimeProvider clock)
    {
        (_inner, _burst) = (inner, burst);
        _timer = clock.CreateTimer(_ => EndInterval(), null, Interval, Interval);
    }

    public ILogger CreateLogger(string categoryName)
    {
        var logger = _inner.CreateLogger(categoryName);
        if (AlwaysPassed.Any(prefix => categoryName.StartsWith(prefix, StringComparison.Ordinal)))
        {
            return logger;
        }

        var limited = new LimitedLogger(logger, _burst);
        _loggers.Add(limited);
        return limited;
    }

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (_inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    public void Dispose()
    {
        _timer.Dispose();
        EndInterval();
        _inner.Dispose();
    }

    private void EndInterval()
    {
        foreach (var logger in _loggers)
        {
            logger.EndInterval();
        }
    }

    private sealed partial class LimitedLogger(ILogger inner, int burst) : ILogger
    {
        private readonly ConcurrentDictionary<(int Id, string? Name), Count> _counts = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is not (LogLevel.Warning or LogLevel.Error)
                || Losses.Contains(eventId.Id)
                || Interlocked.Increment(ref _counts.GetOrAdd((eventId.Id, eventId.Name), static _ => new Count()).Value) <= burst)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        public void EndInterval()
        {
            foreach (var (kind, count) in _counts)
            {
                if (Interlocked.Exchange(ref count.Value, 0) - burst is > 0 and var more)
                {
                    LogHeldBack(inner, more, kind.Id, kind.Name, Interval);
                }
            }
        }

        [LoggerMessage(
            EventId = 4005,
            Level = LogLevel.Warning,
            Message = "{Count} more like this suppressed: event {Event} ({Name}), in {Interval} (Logging:Burst)")]
        private static partial void LogHeldBack(ILogger logger, int count, int @event, string? name, TimeSpan interval);
    }

    private sealed class Count
    {
        public int Value;
    }
}
