using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace ControlZero.Storage.Azure;

/// <summary>
/// One conditional write or delete. A failed one may have been applied: the answer was lost, or an earlier attempt got through. So each
/// write carries a nonce, and what is not certain is decided by reading the record back.
/// </summary>
internal sealed partial class ConditionalChange(IAzureRecordClient record, string? expectedETag, ILogger logger)
{
    // One more attempt, and only where the read-back shows that the first has not been applied.
    private const int Attempts = 2;

    private readonly string _nonce = Guid.NewGuid().ToString("N");

    /// <summary>Writes the payload; none writes a cleared record.</summary>
    /// <returns>The new ETag.</returns>
    /// <exception cref="InconsistentStateException">The record is not the expected one.</exception>
    /// <exception cref="OrleansException">It is unknown whether the change was made.</exception>
    public async Task<string> WriteAsync(BinaryData? payload, CancellationToken cancellationToken)
    {
        var etag = await ApplyAsync(
            token => record.WriteAsync(payload, _nonce, expectedETag, token)!,
            (stored, _) => stored?.Nonce == _nonce,
            cancellationToken);
        return etag!;
    }

    /// <summary>Deletes the expected record.</summary>
    /// <exception cref="InconsistentStateException">The record is not the expected one.</exception>
    /// <exception cref="OrleansException">It is unknown whether the change was made.</exception>
    public Task DeleteAsync(CancellationToken cancellationToken) => ApplyAsync(
        async token =>
        {
            await record.DeleteAsync(expectedETag!, token);
            return null;
        },

        // A deleted record carries no nonce. One that is gone after an attempt without an answer is as this caller wanted it, whoever did it.
        (stored, hadNoAnswer) => stored is null && hadNoAnswer,
        cancellationToken);

    private async Task<string?> ApplyAsync(
        Func<CancellationToken, Task<string?>> send,
        Func<AzureRecord?, bool, bool> isMine,
        CancellationToken cancellationToken)
    {
        var hadNoAnswer = false;
        for (var attempt = 1; ; attempt++)
        {
            Exception failure;
            try
            {
                return await send(cancellationToken);
            }
            catch (Exception missing) when (attempt < Attempts && AzureFailures.IsMissingContainer(missing))
            {
                await record.CreateContainerAsync(cancellationToken);
                continue;
            }

            // A caller who gave up learns that it did, and nothing about the record: the request may still be on its way.
            catch (Exception unclear) when (!cancellationToken.IsCancellationRequested
                && (AzureFailures.IsRefusal(unclear) || AzureFailures.LeavesTheOutcomeOpen(unclear)))
            {
                failure = unclear;
            }

            var refused = AzureFailures.IsRefusal(failure);
            hadNoAnswer |= !refused;
            var stored = await ReadBackAsync(failure, cancellationToken);
            if (isMine(stored, hadNoAnswer))
            {
                LogRecovered(logger, failure, record.Address);
                return stored?.ETag;
            }

            // INVARIANT: the change is made at most once. Every attempt expects the same ETag, and another ETag can never become that one again.
            if (refused || stored?.ETag != expectedETag)
            {
                throw Refusal(stored, failure);
            }

            if (attempt == Attempts || AzureFailures.IsTimeout(failure))
            {
                throw Unknown(failure);
            }
        }
    }

    private async Task<AzureRecord?> ReadBackAsync(Exception cause, CancellationToken cancellationToken)
    {
        try
        {
            return await record.ReadAsync(cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            LogReadBackFailed(logger, failure, record.Address);
            throw Unknown(cause);
        }
    }

    private InconsistentStateException Refusal(AzureRecord? stored, Exception cause) =>
        new($"`{record.Address}` was changed by somebody else; read it again", stored?.ETag ?? "none", expectedETag ?? "none", cause);

    private OrleansException Unknown(Exception cause)
    {
        LogUnknown(logger, cause, record.Address);
        return new OrleansException($"it is unknown whether `{record.Address}` was changed; read it before the next attempt", cause);
    }
}
