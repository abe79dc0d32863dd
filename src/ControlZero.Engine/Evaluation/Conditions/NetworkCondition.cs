using ControlZero.Engine.Context;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary><c>cidr</c>: the value is an address within one of the networks. A value that is no address is an error.</summary>
internal sealed class NetworkCondition(FactSource source, string[] networks) : ScalarCondition(source, negated: false)
{
    private readonly IpNetwork[] _networks = Array.ConvertAll(networks, IpNetwork.Parse);

    /// <inheritdoc/>
    protected override ConditionOutcome TestScalar(in Fact scalar, ref long steps)
    {
        if ((steps -= _networks.Length) < 0)
        {
            return ConditionOutcome.False;
        }

        if (scalar.Kind != ContextKind.Text || !IpAddress.TryParse(scalar.AsText([]), out var address))
        {
            return ConditionOutcome.Error;
        }

        foreach (var network in _networks)
        {
            if (network.Contains(address))
            {
                return ConditionOutcome.True;
            }
        }

        return ConditionOutcome.False;
    }
}
