using System.Runtime.CompilerServices;
using ControlZero.Engine.Policies;

namespace ControlZero.Grains.Policies;

/// <summary>
/// Reads documents, and each of them once: on its way through a publish the same text is checked by the front door, described by the tenant
/// and compiled by the silo, and reading the largest takes as much as a request may cost.
/// </summary>
public sealed class PolicyDocuments
{
    // By reference, and as long as the text lives: messages within a silo are not copied.
    private readonly ConditionalWeakTable<string, PolicyParseResult> _read = [];

    /// <summary>The document, and everything that was found in it.</summary>
    public PolicyParseResult Read(string text) => _read.GetValue(text, static document => PolicyParser.Parse(document));
}
