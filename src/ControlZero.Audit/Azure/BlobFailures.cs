using Azure;

namespace ControlZero.Audit.Azure;

/// <summary>What a blob service refuses or does not answer, as a disk would say it.</summary>
internal static class BlobFailures
{
    /// <summary>Does it.</summary>
    /// <exception cref="FileNotFoundException">There is no such blob.</exception>
    /// <exception cref="EndOfStreamException">It is shorter.</exception>
    /// <exception cref="IOException">Anything else.</exception>
    public static async Task<T> ExplainAsync<T>(string path, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (RequestFailedException failure)
        {
            throw failure.Status switch
            {
                404 => new FileNotFoundException($"there is no blob `{path}`", path, failure),
                416 => new EndOfStreamException($"blob `{path}` is shorter", failure),
                _ => new IOException($"blob `{path}` cannot be read: {failure.ErrorCode ?? failure.Message}", failure),
            };
        }
        catch (Exception failure) when (failure is AggregateException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The client's own time-out, or several attempts that failed.
            throw new IOException($"blob `{path}` cannot be read: the service does not answer", failure);
        }
    }
}
