using Azure;

namespace ControlZero.Storage.Azure;

/// <summary>What a failed request says about the record.</summary>
internal static class AzureFailures
{
    private static readonly string[] MissingContainerCodes = ["TableNotFound", "ContainerNotFound"];

    // 409 is also said of a table or container that is being deleted or is disabled, which is no word about the record.
    private static readonly string[] ConflictCodes = ["EntityAlreadyExists", "BlobAlreadyExists", "UpdateConditionNotSatisfied"];

    /// <summary>The table or container is not there, so neither is the record.</summary>
    public static bool IsMissingContainer(Exception failure) =>
        failure is RequestFailedException { Status: 404 } request && MissingContainerCodes.Contains(request.ErrorCode);

    /// <summary>The record was not as expected when the request came, which may be the doing of an earlier attempt.</summary>
    public static bool IsRefusal(Exception failure) => failure is RequestFailedException request && request.Status switch
    {
        412 => true,
        409 => ConflictCodes.Contains(request.ErrorCode),
        404 => !IsMissingContainer(failure),
        _ => false,
    };

    /// <summary>No answer, or one that does not say whether the change was made: it may have been, or may yet be.</summary>
    public static bool LeavesTheOutcomeOpen(Exception failure) => failure switch
    {
        RequestFailedException request => request.Status is 0 or 408 or 429 or >= 500,
        OperationCanceledException or IOException or HttpRequestException or TimeoutException => true,
        AggregateException all => all.InnerExceptions.All(LeavesTheOutcomeOpen),
        _ => false,
    };

    /// <summary>The time for an answer ran out. Another attempt would take as long again.</summary>
    public static bool IsTimeout(Exception failure) =>
        failure is OperationCanceledException or TimeoutException || failure.InnerException is OperationCanceledException or TimeoutException;
}
