namespace ControlZero.Server.Hosting.Logging;

/// <summary>
/// Leaves out of the log what the gRPC framework takes for an error of the server's: that a caller hung up while its message was read or its answer
/// written. It has no setting of its own for that, and a caller who comes and goes would fill the log with stack traces.
/// </summary>
/// <param name="inner">What writes; it is owned.</param>
internal sealed class CallerHangUps(ILoggerProvider inner) : ILoggerProvider, ISupportExternalScope
{
    // What our own methods throw has become a status before it comes here: an IOException of this category is the connection's.
    private const string Category = "Grpc.AspNetCore.Server.ServerCallHandler";

    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);
        return categoryName == Category ? new Filter(logger) : logger;
    }

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    public void Dispose() => inner.Dispose();

    private sealed class Filter(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not IOException)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
