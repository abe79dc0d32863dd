using ControlZero.Client.Routing;

namespace ControlZero.Client.Transport;

/// <summary>What an answer that came in time is worth. Default: it is the answer.</summary>
/// <param name="Undecided">What the cluster could not decide, all or some of it: UNAVAILABLE, which is worth another attempt. Null: it decided.</param>
/// <param name="Stale">The server does not know what is in force: another address is worth asking, and this is the answer when none knows. Null: it knows.</param>
internal readonly record struct Acceptance(ControlZeroException? Undecided = null, Staleness? Stale = null);
