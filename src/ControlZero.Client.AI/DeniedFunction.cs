namespace ControlZero.Client.AI;

/// <summary>What a denied function does instead of running.</summary>
public enum DeniedFunction
{
    /// <summary>It throws <see cref="PolicyDeniedException"/>; under <c>UseControlZeroFunctions</c> the whole chat request does. The default.</summary>
    Throw = 0,

    /// <summary>It returns a sentence that says it was denied and why, so that the model can go on without it.</summary>
    TellModel = 1,
}
