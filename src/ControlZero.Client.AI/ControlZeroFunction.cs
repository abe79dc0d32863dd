using ControlZero.Client.AI.Enforcement;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI;

/// <summary>
/// A function that asks, each time it is called, whether the agent may call it, and does not run otherwise. It is its inner function in everything else.
/// Made by <see cref="ControlZeroFunctionExtensions.WithControlZero"/>.
/// </summary>
public sealed class ControlZeroFunction : DelegatingAIFunction
{
    private readonly Gate _gate;
    private readonly Action<Exception>? _onRefused;

    /// <param name="innerFunction">What runs when it is allowed.</param>
    /// <param name="gate">Asks.</param>
    /// <param name="onRefused">Takes the deny, or the error of the question, when whoever called would swallow it. Null: it is thrown.</param>
    internal ControlZeroFunction(AIFunction innerFunction, Gate gate, Action<Exception>? onRefused)
        : base(innerFunction)
    {
        if (innerFunction.GetService<ControlZeroFunction>() is not null)
        {
            throw new InvalidOperationException($"the function `{innerFunction.Name}` asks already, and would ask and count twice; wrap it once");
        }

        _gate = gate;
        _onRefused = onRefused;
    }

    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        ReservedCall call;
        try
        {
            call = await _gate.ReserveFunctionAsync(Name, cancellationToken).ConfigureAwait(false);
        }
        catch (PolicyDeniedException denied) when (_gate.Settings.DeniedFunction == DeniedFunction.TellModel)
        {
            return Refusal(denied);
        }
        catch (Exception refused) when (_onRefused is not null && (refused is PolicyDeniedException or ControlZeroException))
        {
            _onRefused(refused);
            return "The request ends here.";
        }

        try
        {
            return await base.InvokeCoreAsync(arguments, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            call.EndFunction(); // also when it failed: it ran
        }
    }

    private string Refusal(PolicyDeniedException denied) =>
        $"The function {Name} was not run ({denied.Decision.ReasonCode}): {denied.Decision.Reason}. Do not call it again.";
}
