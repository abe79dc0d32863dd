using ControlZero.Client.AI.Tests.Providers;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Tests.Functions;

public sealed class FunctionCallTests : AITest
{
    private int _runs;

    [Fact]
    public async Task UseControlZero_AllowedFunction_RunsAndEveryRequestIsAsked()
    {
        Provider.Calls = ["look_up"];

        var response = await Invoking().GetResponseAsync("hi", With("look_up"));

        Assert.Equal(ProviderAnswers.Text, response.Text);
        Assert.Equal(1, _runs);
        Assert.Equal([("llm.generate", $"model/{Allowed}"), ("tool.call", "tool/look_up"), ("llm.generate", $"model/{Allowed}")], Asked);
    }

    [Fact]
    public async Task UseControlZero_DeniedFunction_DoesNotRunAndEndsTheRequest()
    {
        Provider.Calls = ["delete_all"];

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Invoking().GetResponseAsync("hi", With("delete_all")));

        Assert.Equal(("tool.call", "tool/delete_all"), (error.Query.Action, error.Query.Resource));
        Assert.Equal(0, _runs);
        Assert.Single(Provider.Requests);
    }

    [Fact]
    public async Task UseControlZero_OneOfSeveralFunctionsDenied_RunsNone()
    {
        Provider.Calls = ["look_up", "delete_all"];

        await Assert.ThrowsAsync<PolicyDeniedException>(() => Invoking().GetResponseAsync("hi", With("look_up", "delete_all")));

        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task UseControlZero_FunctionOfTheInvokingClientItself_IsAskedFor()
    {
        Provider.Calls = ["delete_all"];
        var chat = new ChatClientBuilder(ProviderChat())
            .UseFunctionInvocation(configure: client => client.AdditionalTools = [Function("delete_all")])
            .UseControlZero(client: ControlZero)
            .Build();

        await Assert.ThrowsAsync<PolicyDeniedException>(() => chat.GetResponseAsync("hi"));

        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task UseControlZero_ModelTakenAwayBetweenRequests_EndsBeforeTheSecond()
    {
        Provider.Calls = ["look_up"];
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create(() => Permit("tool/look_up"), "look_up")] };

        await Assert.ThrowsAsync<PolicyDeniedException>(() => Invoking().GetResponseAsync("hi", options));

        Assert.Single(Provider.Requests);
    }

    [Fact]
    public async Task UseControlZero_FunctionCallsNotGoverned_AsksForModelsOnly()
    {
        Provider.Calls = ["delete_all"];
        var chat = new ChatClientBuilder(ProviderChat())
            .UseFunctionInvocation()
            .UseControlZero(configure: options => options.GovernFunctionCalls = false, client: ControlZero)
            .Build();

        await chat.GetResponseAsync("hi", With("delete_all"));

        Assert.Equal(1, _runs);
        Assert.Equal(["llm.generate", "llm.generate"], Asked.Select(asked => asked.Action));
    }

    [Fact]
    public async Task UseControlZeroFunctions_Denied_EndsTheRequestWithTheDecision()
    {
        Provider.Calls = ["delete_all"];

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Strict(DeniedFunction.Throw).GetResponseAsync("hi", With("delete_all")));

        Assert.Equal("tool/delete_all", error.Query.Resource);
        Assert.Equal(0, _runs);
        Assert.Single(Provider.Requests);
    }

    [Fact]
    public async Task UseControlZeroFunctions_DeniedInAStream_EndsTheStreamWithTheDecision()
    {
        Provider.Calls = ["delete_all"];

        await Assert.ThrowsAsync<PolicyDeniedException>(() => ReadAsync(Strict(DeniedFunction.Throw).GetStreamingResponseAsync("hi", With("delete_all"))));

        Assert.Equal(0, _runs);
        Assert.Single(Provider.Requests);
    }

    [Fact]
    public async Task UseControlZeroFunctions_TellModel_HandsTheModelTheRefusal()
    {
        Provider.Calls = ["look_up", "delete_all"];

        var response = await Strict(DeniedFunction.TellModel).GetResponseAsync("hi", With("look_up", "delete_all"));

        Assert.Equal(ProviderAnswers.Text, response.Text);
        Assert.Equal(1, _runs);
        var told = Provider.Requests[1].Body!["messages"]!.AsArray().Where(message => message!["role"]!.GetValue<string>() == "tool").ToList();
        Assert.Equal(2, told.Count);
        Assert.Contains("delete_all was not run (NO_RULE_MATCH): no rule matched. Do", told[1]!["content"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DeniedFunction.Throw)]
    [InlineData(DeniedFunction.TellModel)]
    public async Task UseControlZeroFunctions_QuestionIsWrong_EndsTheRequestWithTheError(DeniedFunction denied)
    {
        Provider.Calls = ["look_up"];
        Cluster.On<EnforceRequest>(request => request.Action == "tool.call"
            ? throw Answers.Error(StatusCode.PermissionDenied, "the key lacks the scope", "SCOPE_REQUIRED")
            : Answers.Allow());

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Strict(denied).GetResponseAsync("hi", With("look_up")));

        Assert.Equal("SCOPE_REQUIRED", error.Reason);
        Assert.Equal(0, _runs);
        Assert.Single(Provider.Requests);
    }

    [Fact]
    public async Task UseControlZero_TwoFunctionsOfOneNameAndOneAsksForItself_IsAskedFor()
    {
        Provider.Calls = ["delete_all"];
        var options = new ChatOptions { Tools = [Function("delete_all").WithControlZero(ControlZero), Function("delete_all")] };

        await Assert.ThrowsAsync<PolicyDeniedException>(() => Invoking().GetResponseAsync("hi", options));

        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task UseControlZeroFunctions_TogetherWithUseControlZero_AskOnceACall()
    {
        Provider.Calls = ["look_up"];

        await Strict(DeniedFunction.Throw).GetResponseAsync("hi", With("look_up"));

        Assert.Equal(["llm.generate", "tool.call", "llm.generate"], Asked.Select(asked => asked.Action));
        Assert.Equal(1, _runs);
    }

    [Fact]
    public void UseControlZeroFunctions_NothingInsideRunsFunctions_IsRefused()
    {
        var builder = new ChatClientBuilder(ProviderChat()).UseFunctionInvocation().UseControlZeroFunctions(client: ControlZero);

        var error = Assert.Throws<InvalidOperationException>(() => builder.Build());

        Assert.Contains("before UseFunctionInvocation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithControlZero_Denied_ThrowsAndDoesNotRun()
    {
        await Assert.ThrowsAsync<PolicyDeniedException>(() => Function("delete_all").WithControlZero(ControlZero).InvokeAsync([]).AsTask());

        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task WithControlZero_Allowed_RunsAndForwardsEverything()
    {
        var function = Function("look_up");

        var governed = function.WithControlZero(ControlZero, "support-bot", options => options.FunctionAction = "crm:call");
        var result = await governed.InvokeAsync([]);

        Assert.Equal("done", result?.ToString());
        Assert.Equal((function.Name, function.Description, function.JsonSchema.ToString()), (governed.Name, governed.Description, governed.JsonSchema.ToString()));
        Assert.Equal([("crm:call", "tool/look_up")], Asked);
    }

    [Fact]
    public void WithControlZero_Twice_IsRefused()
    {
        var governed = Function("look_up").WithControlZero(ControlZero);

        Assert.Throws<InvalidOperationException>(() => governed.WithControlZero(ControlZero));
    }

    private IChatClient Invoking() => new ChatClientBuilder(ProviderChat()).UseFunctionInvocation().UseControlZero(client: ControlZero).Build();

    private IChatClient Strict(DeniedFunction denied) => new ChatClientBuilder(ProviderChat())
        .UseControlZeroFunctions(configure: options => options.DeniedFunction = denied, client: ControlZero)
        .UseFunctionInvocation()
        .UseControlZero(client: ControlZero)
        .Build();

    private ChatOptions With(params string[] names) => new() { Tools = [.. names.Select(Function)] };

    private AIFunction Function(string name) => AIFunctionFactory.Create(
        () =>
        {
            Interlocked.Increment(ref _runs);
            return "done";
        },
        name,
        $"does {name}");
}
