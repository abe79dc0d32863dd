using ControlZero.Load.Generation;

namespace ControlZero.Load.Targets;

/// <summary>A running server and the calls it is measured by.</summary>
internal interface ITarget : IAsyncDisposable
{
    /// <summary>Its process.</summary>
    ServerProcess Process { get; }

    /// <summary>A call for each agent.</summary>
    CallSet Unary { get; }

    /// <summary>Calls of many questions each, about the first agents. The echo has none and gives its unary ones: they are the yardstick.</summary>
    CallSet Batch(int agents);

    /// <summary>Messages of a stream, one about each of the first agents; of the echo, its unary calls.</summary>
    CallSet Stream(int agents);
}
