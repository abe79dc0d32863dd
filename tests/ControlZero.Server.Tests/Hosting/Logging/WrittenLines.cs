using Microsoft.Extensions.Logging;

namespace ControlZero.Server.Tests.Hosting.Logging;

/// <summary>What a log was given to write: category, event, message.</summary>
internal sealed class WrittenLines : ILoggerProvider
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];

    public List<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Writer(WrittenLines written, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (written._gate)
            {
                written._lines.Add($"{category} {eventId.Id} {formatter(state, exception)}");
            }
        }
    }
}
