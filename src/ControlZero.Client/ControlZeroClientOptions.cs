namespace ControlZero.Client;

/// <summary>How the client reaches the cluster and what it does when no decision arrives. Read once, when the client is made.</summary>
public sealed partial class ControlZeroClientOptions
{
    /// <summary>The configuration section these options are bound to: <c>ControlZero</c>.</summary>
    public const string SectionName = "ControlZero";

    /// <summary>
    /// The cluster's front door: <c>http://host:port</c> (HTTP/2 without TLS) or <c>https://host:port</c> (TLS). Several addresses have commas
    /// between them: each agent keeps to one of them, and the next one is asked when that one fails.
    /// Default: the environment's <c>CONTROLZERO_URL</c>, else <c>http://127.0.0.1:5050</c>.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>The API key. Never shown in errors or dumps. Default: the environment's <c>CONTROLZERO_API_KEY</c>. Required.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// The agent that calls which name none are about. Default: the environment's <c>CONTROLZERO_AGENT_ID</c>, else the one agent the key is bound to.
    /// </summary>
    public string? AgentId { get; set; }

    /// <summary>How long one call may take, its retries included. Default: 2 seconds. From 1 millisecond to 5 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often one question may be sent, the first time included. Unit: attempts. Default: 3. From 1 to 10.</summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>What it means when no decision arrives. Default: <see cref="OnUnavailable.Deny"/>.</summary>
    public OnUnavailable OnUnavailable { get; set; } = OnUnavailable.Deny;

    /// <summary>
    /// Names of the obligations the program honours when it acts; case-sensitive. An allow with any other obligation is a deny. Default: none.
    /// </summary>
    public ISet<string> Obligations { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The options in a line, without the key.</summary>
    public override string ToString() =>
        $"{nameof(ControlZeroClientOptions)} {{ Url = {Url}, ApiKey = {(string.IsNullOrEmpty(ApiKey) ? "(not set)" : "(set)")}, AgentId = {AgentId}, " +
        $"Timeout = {Timeout}, MaxAttempts = {MaxAttempts}, OnUnavailable = {OnUnavailable}, Obligations = [{string.Join(", ", Obligations)}], " +
        $"CaFile = {CaFile}, ClientCertificateFile = {ClientCertificateFile}, ClientKeyFile = {ClientKeyFile} }}";
}
