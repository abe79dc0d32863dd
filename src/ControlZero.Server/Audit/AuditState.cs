using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Protocol.V1;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Audit;

/// <summary>How this server's part of the log stands, for whoever runs it.</summary>
/// <param name="options">What the operator decided.</param>
/// <param name="log">The log. Null: nothing is recorded.</param>
/// <param name="ledger">Its ledger. Null: nothing is recorded.</param>
internal sealed class AuditState(ServerOptions options, IAuditLog? log = null, LedgerKeeper? ledger = null)
{
    private readonly string _keyId = options.Audit.Signing.ReadKey()?.Public.Id ?? "";

    /// <summary>Whether somebody who writes the log anew would be found.</summary>
    public bool IsSigned => _keyId.Length > 0;

    /// <summary>Why nothing is answered, and why the sink takes nothing. Null: it does.</summary>
    public (string? Answers, string? Sink) Trouble => log?.Status is { } status ? (status.Trouble, status.SinkTrouble) : default;

    /// <summary>All of it.</summary>
    public AuditLogState ToMessage()
    {
        var status = log?.Status;
        return new AuditLogState
        {
            Mode = options.Audit.Mode.ToString().ToLowerInvariant(),
            Sink = options.Audit.Sink.ToString().ToLowerInvariant(),
            SigningKeyId = _keyId,
            WaitingBytes = status?.SpilledBytes ?? 0,
            WaitingRecords = ledger?.Pending ?? 0,
            Lost = status?.Dropped ?? 0,
            Trouble = status?.Trouble ?? "",
            SinkTrouble = status?.SinkTrouble ?? "",
        };
    }
}
