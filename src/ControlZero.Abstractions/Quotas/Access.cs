using System.Collections.Immutable;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Abstractions.Quotas;

/// <summary>What to say of an agent's access.</summary>
/// <param name="Action">The action.</param>
/// <param name="Resources">The resources. Empty: those that the agent's policies name exactly.</param>
/// <param name="Skip">How many of them to leave out.</param>
/// <param name="Take">How many to decide at most.</param>
[GenerateSerializer, Immutable, Alias("cz.AccessQuery")]
public sealed record AccessQuery(
    [property: Id(0)] string Action,
    [property: Id(1)] ImmutableArray<string> Resources,
    [property: Id(2)] int Skip,
    [property: Id(3)] int Take);

/// <summary>What an agent may use now.</summary>
/// <param name="Entries">One a resource.</param>
/// <param name="Limits">Every limit that counts one of them, once.</param>
/// <param name="Epoch">The tenant's epoch it was decided under.</param>
/// <param name="Total">How many resources there are, those that were left out included.</param>
[GenerateSerializer, Immutable, Alias("cz.AccessOutcome")]
public sealed record AccessOutcome(
    [property: Id(0)] ImmutableArray<AccessEntry> Entries,
    [property: Id(1)] ImmutableArray<LimitStanding> Limits,
    [property: Id(2)] ulong Epoch,
    [property: Id(3)] int Total);

/// <summary>One resource and whether it may be used.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Decision">What would be decided now, limits included.</param>
/// <param name="Limits">Positions of the limits that count it.</param>
/// <param name="Tightest">Of those, the one with the least share left. Null: none counts it.</param>
[GenerateSerializer, Immutable, Alias("cz.AccessEntry")]
public sealed record AccessEntry(
    [property: Id(0)] string Resource,
    [property: Id(1)] Decision Decision,
    [property: Id(2)] ImmutableArray<int> Limits,
    [property: Id(3)] int? Tightest);
