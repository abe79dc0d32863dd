namespace ControlZero.Chaos;

/// <summary>The run cannot be made; the message says why.</summary>
internal sealed class ChaosException : Exception
{
    public ChaosException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
