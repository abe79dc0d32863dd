using ControlZero.Load.Generation;

namespace ControlZero.Load.Targets;

/// <summary>A running server and the calls it is measured by.</summary>
internal interface ITarget : IAsyncDisposable
{
    /// <summary>Its process.</summary>
    ServerProcess Process { get; }

    /// <summary>A call for each agent.</summary>
    CallSet Unary { get; }
}
