using ControlZero.Client.AI.Enforcement;

namespace ControlZero.Client.AI.Requests;

/// <summary>Every model that may answer one request, the primary one first, none twice.</summary>
internal sealed class RequestedModels
{
    /// <summary>The most models one request may name: as many as the cluster decides in one question.</summary>
    public const int MaxModels = 64;

    private readonly List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    /// <summary>The model the request is for: the first source that names one wins, and what the other sources name is asked for too.</summary>
    /// <param name="primary">The name given in so many words. Null or empty: none.</param>
    /// <param name="fields">What else the request says, in order of precedence.</param>
    /// <param name="fallback">The model of a request that names none. Null or empty: none.</param>
    /// <param name="remedy">Where a program names the model, for the error.</param>
    public static RequestedModels Of(string? primary, IReadOnlyList<ModelFields> fields, string? fallback, string remedy)
    {
        var first = new[] { primary }.Concat(fields.Select(f => f.Model)).Append(fallback).FirstOrDefault(name => !string.IsNullOrEmpty(name))
            ?? throw Refusals.Field("model", Refusals.FieldRequired, $"no model is named, and a request for an unknown model is not sent; {remedy}");
        var models = new RequestedModels();
        models.Add(first);
        foreach (var field in fields)
        {
            models.Add(field);
        }

        return models;
    }

    /// <summary>Whether everything these fields name has been asked for.</summary>
    public bool Covers(ModelFields fields) => fields.All.All(_names.Contains);

    private void Add(ModelFields fields)
    {
        foreach (var name in fields.All)
        {
            Add(name);
        }
    }

    private void Add(string name)
    {
        if (_names.Contains(name))
        {
            return;
        }

        if (_names.Count == MaxModels)
        {
            throw Refusals.Field("models", Refusals.FieldTooLong, $"the request names more than {MaxModels} models; name fewer");
        }

        _names.Add(name);
    }
}
