namespace ControlZero.Client.AI;

/// <summary>What happens to an HTTP request that is none of those that are governed (chat completions, completions, responses, embeddings).</summary>
public enum UngovernedRequests
{
    /// <summary>It is sent, unasked. The default: files, lists of models and the like keep working.</summary>
    Pass = 0,

    /// <summary>It is refused, whatever it is; so are images, audio, batches and assistants, which also reach models.</summary>
    Refuse = 1,
}
