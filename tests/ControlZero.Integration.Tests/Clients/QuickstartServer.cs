using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Clients;

/// <summary>A server that <c>quickstart</c> left serving, for all tests of a class.</summary>
public sealed class QuickstartServer : IAsyncLifetime, IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    internal ServerProcess Server { get; private set; } = null!;

    /// <summary>What every client is to answer: model, decision, rule, reason code.</summary>
    internal static string[] Answers { get; } =
    [
        "anthropic/claude-sonnet-4-20250514 allow rule-0 RULE_MATCH",
        "anthropic/claude-opus-4-20250514 deny rule-3 RULE_MATCH",
        "google/gemini-pro deny rule-4 RULE_MATCH",
    ];

    internal static string[] Models { get; } = [.. Answers.Select(answer => answer.Split(' ')[0])];

    internal static string Agent => "quickstart-agent";

    public async Task InitializeAsync() => Server = await ServerProcess.StartQuickstartAsync(_scratch.Data);

    public async Task DisposeAsync() => await Server.DisposeAsync();

    public void Dispose() => _scratch.Dispose();
}
