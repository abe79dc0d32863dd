namespace ControlZero.Fuzz;

/// <summary>A piece of code that takes bytes from strangers.</summary>
/// <param name="Name">How it is named on the command line.</param>
/// <param name="Corpus">Inputs to begin with.</param>
/// <param name="Tokens">What its language is made of: put in by mutations.</param>
/// <param name="Run">Takes an input; an exception is a finding.</param>
internal sealed record Target(string Name, IReadOnlyList<byte[]> Corpus, IReadOnlyList<byte[]> Tokens, Action<byte[]> Run);
