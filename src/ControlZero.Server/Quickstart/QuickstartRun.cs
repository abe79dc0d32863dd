using System.Globalization;
using System.Net;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Hosting;
using ControlZero.Server.Hosting.Configuration;
using Grpc.Core;
using Grpc.Net.Client;
using Spectre.Console;
using Decision = ControlZero.Protocol.V1.Decision;

namespace ControlZero.Server.Quickstart;

/// <summary>
/// What a newcomer sees first: the example policy, published and asked through gRPC like by any other client, and the answers.
/// </summary>
internal static class QuickstartRun
{
    private const string Agent = "quickstart-agent";
    private const string Action = "llm.generate";

    private static readonly string[] Columns = ["model", "decision", "rule", "reason", "time"];

    private static readonly string[] Models =
    [
        "anthropic/claude-sonnet-4-20250514",
        "anthropic/claude-opus-4-20250514",
        "google/gemini-pro",
    ];

    /// <summary>What quickstart says instead of the defaults: agents need not be registered.</summary>
    public static SettingLayer Standard => SettingLayers.Of(new WrittenSetting("DefaultTenant:UnknownAgents", "allow", "quickstart"));

    /// <summary>What a server may be and quickstart not: it asks over loopback and has no certificates.</summary>
    public static IEnumerable<string> Faults(ServerOptions options)
    {
        if (options.Tls.IsOn || options.Listen.Addresses.Any(each => !IPAddress.IsLoopback(each.Address.Address)))
        {
            yield return "quickstart serves on loopback without TLS; give it loopback addresses and no certificate, or start without `quickstart`";
        }
    }

    /// <summary>Publishes, asks, shows. Exit code 0: every question was answered.</summary>
    /// <exception cref="StartupException">The first key is gone or refused, or a question was not answered.</exception>
    public static async Task<int> ShowAsync(ServerHost host, bool once, CancellationToken cancellationToken)
    {
        var file = host.Data.AdminKeyPath;
        var key = host.Data.ReadAdminKey()
            ?? throw new StartupException($"`{file}` is gone, and quickstart asks with it; restore it, or begin anew with --data DIR");
        try
        {
            return await ShowAsync(host, key, once, cancellationToken);
        }
        catch (RpcException failure)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new StartupException(
                failure.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied
                    ? $"the key in `{file}` is refused, and quickstart asks with it; restore the first key, or begin anew with --data DIR"
                    : $"quickstart was not answered: {failure.Status.Detail}",
                failure);
        }
    }

    private static async Task<int> ShowAsync(ServerHost host, ApiKey key, bool once, CancellationToken cancellationToken)
    {
        var address = Greeting.Addresses(host).Grpc;
        using var channel = GrpcChannel.ForAddress(address);
        var headers = new Metadata { { "authorization", $"Bearer {key.Text}" } };

        var published = await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = ReadPolicy() }, headers, cancellationToken: cancellationToken);
        await new AgentService.AgentServiceClient(channel).PutAgentAsync(
            new PutAgentRequest { AgentId = Agent, Labels = { ["purpose"] = "quickstart" } }, headers, cancellationToken: cancellationToken);

        var answers = new Table().Border(TableBorder.Simple)
            .AddColumns([.. Columns.Select(title => new TableColumn(title).NoWrap().PadLeft(0))]);
        var enforcement = new EnforcementService.EnforcementServiceClient(channel);
        foreach (var model in Models)
        {
            await AddAnswerAsync(answers, enforcement, headers, model, cancellationToken);
        }

        var version = published.Policy;
        var console = AnsiConsole.Console;
        console.MarkupLineInterpolated(
            $"policy [bold]{version.Name}[/] version {version.Version} is in force ({(published.Unchanged ? "found, unchanged" : "published now")})");
        console.MarkupLineInterpolated($"agent  [bold]{Agent}[/] asks for [bold]{Action}[/] at {address}");
        console.Write(answers);
        await Greeting.ShowKeyAsync(host);
        ShowNextSteps(address, host.Data, once);
        return 0;
    }

    private static async Task AddAnswerAsync(
        Table answers,
        EnforcementService.EnforcementServiceClient enforcement,
        Metadata headers,
        string model,
        CancellationToken cancellationToken)
    {
        var request = new EnforceRequest { AgentId = Agent, Action = Action, Resource = $"model/{model}" };
        var begun = TimeProvider.System.GetTimestamp();
        var answer = await enforcement.EnforceAsync(request, headers, cancellationToken: cancellationToken);
        var took = TimeProvider.System.GetElapsedTime(begun);
        answers.AddRow(
            Markup.Escape(model),
            answer.Decision == Decision.Allow ? "[green]allow[/]" : "[red]deny[/]",
            Markup.Escape(answer.RuleId),
            Markup.Escape(answer.ReasonCode),
            string.Create(CultureInfo.InvariantCulture, $"{took.TotalMilliseconds:0.0} ms"));
    }

    // Written as it is: a console that knows a width would break the command into lines that a shell does not take.
    private static void ShowNextSteps(string address, DataDirectory data, bool once)
    {
        if (once)
        {
            return;
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine("try next, in another terminal:");
        Console.Out.WriteLine($"  dotnet run --project src/ControlZero.Cli -- --url {address} --key-file {data.AdminKeyPath} explain \\");
        Console.Out.WriteLine($"    --agent {Agent} --action {Action} --resource model/google/gemini-pro");
        Console.Out.WriteLine("serving; Ctrl+C stops");
    }

    private static string ReadPolicy()
    {
        using var stream = typeof(QuickstartRun).Assembly.GetManifestResourceStream("openrouter-model-policy.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
