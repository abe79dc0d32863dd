using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>Refuses pipelines in which something would get around the question.</summary>
internal static class PipelineOrder
{
    /// <summary>Throws when the pipeline has such a part further in.</summary>
    public static void RefuseInside<TPart>(IChatClient inner, string fault) => Refuse(inner.GetService(typeof(TPart)), fault);

    /// <summary>Throws when the pipeline has such a part further in.</summary>
    public static void RefuseInside<TPart>(IEmbeddingGenerator inner, string fault) => Refuse(inner.GetService(typeof(TPart)), fault);

    private static void Refuse(object? part, string fault)
    {
        if (part is not null)
        {
            throw new InvalidOperationException($"UseControlZero is in the wrong place: {fault}");
        }
    }
}
