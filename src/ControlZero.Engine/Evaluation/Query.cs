using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Evaluation;

/// <summary>A request as rules look at it: the forms of its action are made once, not once a rule.</summary>
internal readonly ref struct Query
{
    /// <summary>The request.</summary>
    public readonly ref readonly EvaluationRequest Request;

    /// <summary>The forms of its action.</summary>
    public readonly ActionForms Action;

    /// <summary>
    /// What matching may still cost, see <see cref="Limits.DecisionMaxSteps"/>. Below 0 nothing matches any more, and no answer found since may
    /// be given.
    /// </summary>
    public readonly ref long Steps;

    /// <summary>Takes a request, and a buffer of at least <see cref="ActionForms.BufferLength"/> that lives as long as the query.</summary>
    public Query(in EvaluationRequest request, Span<char> buffer, ref long steps)
    {
        Request = ref request;
        Steps = ref steps;
        Action = new ActionForms(request.Action, buffer);
    }

    /// <summary>The resource. Empty: none.</summary>
    public ReadOnlySpan<char> Resource => Request.Resource;

    /// <summary>True when the request names a resource.</summary>
    public bool HasResource => !string.IsNullOrEmpty(Request.Resource);
}
