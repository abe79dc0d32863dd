using System.Text.Json.Nodes;

namespace ControlZero.Cli.Policies.Diff;

/// <summary>One thing that two documents do not say alike. Its JSON form is its properties.</summary>
/// <param name="Change"><c>added</c>, <c>removed</c>, <c>changed</c> or <c>moved</c>, which means that nothing but its place among the others changed.</param>
/// <param name="Part"><c>policy</c>, <c>rule</c> or <c>limit</c>.</param>
/// <param name="Id">What it is called: the policy's name, the rule as it is reported, the limit's name.</param>
/// <param name="Moved">Whether a rule stands before another one that it stood behind.</param>
/// <param name="WasAt">Of a rule, its place, from 0. Null: it was not there.</param>
/// <param name="BecomesAt">Of a rule, its place, from 0. Null: it is not there.</param>
/// <param name="Fields">What it said and says.</param>
internal sealed record PolicyChange(
    string Change, string Part, string Id, bool Moved, int? WasAt, int? BecomesAt, IReadOnlyList<FieldChange> Fields)
{
    /// <summary>The change between two states of one part. Null: there is none.</summary>
    /// <param name="part">Which part.</param>
    /// <param name="id">What it is called.</param>
    /// <param name="was">What it said. Null: it was not there.</param>
    /// <param name="becomes">What it says. Null: it is not there.</param>
    public static PolicyChange? Between(string part, string id, SortedDictionary<string, JsonNode>? was, SortedDictionary<string, JsonNode>? becomes)
    {
        var fields = (was?.Keys ?? Enumerable.Empty<string>()).Union(becomes?.Keys ?? Enumerable.Empty<string>()).Order(StringComparer.Ordinal)
            .Select(field => new FieldChange(field, was?.GetValueOrDefault(field), becomes?.GetValueOrDefault(field)))
            .Where(field => !JsonNode.DeepEquals(field.Was, field.Becomes))
            .ToList();
        return fields.Count == 0 ? null : new PolicyChange(was is null ? "added" : becomes is null ? "removed" : "changed", part, id, false, null, null, fields);
    }
}

/// <summary>A field that differs.</summary>
/// <param name="Field">Its name as a document has it; <c>when.env.glob</c> for an operator of a condition.</param>
/// <param name="Was">What it said. Null: nothing, or what its absence says.</param>
/// <param name="Becomes">What it says.</param>
internal sealed record FieldChange(string Field, JsonNode? Was, JsonNode? Becomes);
