using Azure.Data.Tables;
using ControlZero.Abstractions;

namespace ControlZero.Storage.Azure;

/// <summary>The keys in an Azure table: a range of its partition keys, of which one row each is looked for.</summary>
internal sealed class TableKeys(TableServiceClient service, string tableName, string serviceId) : IStoredKeys
{
    // What the service gives at most in one answer.
    private const int LargestPage = 1000;

    private static readonly string[] Columns = [nameof(ITableEntity.PartitionKey)];

    private readonly TableClient _table = service.GetTableClient(tableName);

    public async Task<IReadOnlyList<string>> ReadAsync(StoredKeyRange range, int count, CancellationToken cancellationToken)
    {
        var all = AzureRecordNames.PartitionPrefix(serviceId, range.GrainType);
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey ge {all + range.From} and PartitionKey lt {all + range.End} and RowKey eq {range.StateName}");
        var keys = new List<string>();
        try
        {
            // An answer may hold fewer than it could, or none, and yet not be the last one.
            await foreach (var page in _table.QueryAsync<TableEntity>(filter, Math.Min(count, LargestPage), Columns, cancellationToken).AsPages())
            {
                keys.AddRange(page.Values.Take(count - keys.Count).Select(entity => entity.PartitionKey[all.Length..]));
                if (keys.Count == count)
                {
                    break;
                }
            }
        }
        catch (Exception late) when (!cancellationToken.IsCancellationRequested && AzureFailures.IsTimeout(late))
        {
            // The library says it with a cancellation, which would be taken for the caller's.
            throw new TimeoutException($"keys of `{_table.Name}` could not be read in time; try again", late);
        }

        return keys;
    }
}
