using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Functions;

public sealed class FunctionSettlingTests : SettlingTest
{
    private static readonly Usage Nothing = new() { InputTokens = 0, OutputTokens = 0 };

    public FunctionSettlingTests()
    {
        var (prepare, held) = (Prepare, 0);
        Prepare = () =>
        {
            prepare!();
            Cluster.On<EnforceRequest>(request =>
            {
                if (request.Resource == "tool/delete_all")
                {
                    return Answers.Deny();
                }

                var allow = Answers.Allow();
                allow.Reservation = new Reservation { Token = request.Action == "tool.call" ? $"function-{Interlocked.Increment(ref held)}" : "model" };
                return allow;
            });
        };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UseControlZero_FunctionThatRan_IsSettledWithoutTokensWhenItsResultComesBack(bool isStream)
    {
        Provider.Calls = ["look_up", "look_up"];
        var chat = new ChatClientBuilder(ProviderChat()).UseFunctionInvocation().UseControlZero(client: ControlZero).Build();

        _ = isStream ? await ReadAsync(chat.GetStreamingResponseAsync("hi", With("look_up"))) : (await chat.GetResponseAsync("hi", With("look_up"))).Text;

        Assert.Equal([Function("function-1"), Function("function-2")], FunctionsOf(await SettledAsync()));
        Assert.Equal(4, Cluster.Received<SettleRequest>().Count);
        Assert.Empty(Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task UseControlZero_OneOfSeveralFunctionsDenied_CancelsTheOthers()
    {
        Provider.Calls = ["look_up", "delete_all"];
        var chat = new ChatClientBuilder(ProviderChat()).UseFunctionInvocation().UseControlZero(client: ControlZero).Build();

        await Assert.ThrowsAsync<PolicyDeniedException>(() => chat.GetResponseAsync("hi", With("look_up", "delete_all")));

        Assert.Empty(FunctionsOf(await SettledAsync()));
        Assert.Equal([new CancelRequest { Token = "function-1", AgentId = "agent-1" }], Cluster.Received<CancelRequest>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithControlZero_FunctionThatRanOrFailed_IsSettledWithoutTokens(bool fails)
    {
        var function = AIFunctionFactory.Create(() => fails ? throw new InvalidOperationException("broken") : "done", "look_up").WithControlZero(ControlZero);

        var error = await Record.ExceptionAsync(() => function.InvokeAsync([]).AsTask());

        Assert.Equal(fails, error is InvalidOperationException);
        Assert.Equal([Function("function-1")], await SettledAsync());
        Assert.True(Cluster.Received<SettleRequest>()[0].Usage is { HasInputTokens: true, HasOutputTokens: true, HasCostNanosUsd: false });
    }

    private static ChatOptions With(params string[] names) => new() { Tools = [.. names.Select(name => AIFunctionFactory.Create(() => "done", name))] };

    private static SettleRequest Function(string token) => new() { Token = token, AgentId = "agent-1", Usage = Nothing };

    private static IEnumerable<SettleRequest> FunctionsOf(IEnumerable<SettleRequest> settled) =>
        settled.Where(settle => settle.Token != "model").OrderBy(settle => settle.Token, StringComparer.Ordinal);
}
