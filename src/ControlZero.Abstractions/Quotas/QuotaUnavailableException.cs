namespace ControlZero.Abstractions.Quotas;

/// <summary>Storage does not say whether a quota record was written. Nothing was granted on it.</summary>
[GenerateSerializer, Alias("cz.QuotaUnavailableException")]
public sealed class QuotaUnavailableException : OrleansException
{
    /// <summary>Creates it without words.</summary>
    public QuotaUnavailableException()
    {
    }

    /// <summary>Creates it.</summary>
    public QuotaUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with its cause.</summary>
    public QuotaUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
