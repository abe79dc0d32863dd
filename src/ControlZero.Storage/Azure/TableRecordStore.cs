using Azure;
using Azure.Data.Tables;

namespace ControlZero.Storage.Azure;

/// <summary>Records as entities of one Azure table, one partition a grain.</summary>
internal sealed class TableRecordStore(TableServiceClient service, string tableName, string serviceId, bool useStringFormat) : IAzureRecordStore
{
    private readonly TableClient _table = service.GetTableClient(tableName);

    public Task InitializeAsync(CancellationToken cancellationToken) => _table.CreateIfNotExistsAsync(cancellationToken);

    public IAzureRecordClient Locate(string stateName, GrainId grainId)
    {
        var (partitionKey, rowKey) = AzureRecordNames.InTable(serviceId, stateName, grainId);
        return new Client(_table, partitionKey, rowKey, useStringFormat);
    }

    private sealed class Client(TableClient table, string partitionKey, string rowKey, bool useStringFormat) : IAzureRecordClient
    {
        public string Address => $"{table.Name}({partitionKey}, {rowKey})";

        public async Task<AzureRecord?> ReadAsync(CancellationToken cancellationToken)
        {
            var found = await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, cancellationToken: cancellationToken);
            return found.HasValue ? TableRecordLayout.Read(found.Value!) : null;
        }

        public async Task<string> WriteAsync(BinaryData? payload, string nonce, string? expectedETag, CancellationToken cancellationToken)
        {
            var entity = TableRecordLayout.Write(new TableEntity(partitionKey, rowKey), payload, nonce, useStringFormat);
            var response = expectedETag is null
                ? await table.AddEntityAsync(entity, cancellationToken)
                : await table.UpdateEntityAsync(entity, new ETag(expectedETag), TableUpdateMode.Replace, cancellationToken);
            return response.Headers.ETag?.ToString() ?? throw new RequestFailedException("the table's answer has no ETag");
        }

        public async Task DeleteAsync(string expectedETag, CancellationToken cancellationToken)
        {
            // The client takes a missing entity for a deleted one; here it is one that somebody else deleted.
            var response = await table.DeleteEntityAsync(partitionKey, rowKey, new ETag(expectedETag), cancellationToken);
            if (response.IsError)
            {
                throw new RequestFailedException(response);
            }
        }

        public Task CreateContainerAsync(CancellationToken cancellationToken) => table.CreateIfNotExistsAsync(cancellationToken);
    }
}
