namespace ControlZero.Client.AI.Pipelines;

/// <summary>What an HTTP request to an OpenAI-compatible provider wants, read from its method and path.</summary>
/// <param name="Embeds">True: embeddings. False: text.</param>
/// <param name="Deployment">The model, where the path names it (Azure: `/deployments/NAME/…`). Null: the body does.</param>
internal sealed record GovernedRoute(bool Embeds, string? Deployment)
{
    private static readonly string[] ReadingMethods = ["GET", "HEAD", "OPTIONS", "DELETE"];

    /// <summary>The route of a governed request; null for any other. Paths are compared without letter case, escapes and empty segments: a provider may be as lax.</summary>
    public static GovernedRoute? Of(string method, Uri address)
    {
        if (ReadingMethods.Contains(method, StringComparer.OrdinalIgnoreCase))
        {
            return null;
        }

        string[] segments = [.. address.AbsolutePath.Split('/').Select(Uri.UnescapeDataString).SelectMany(part => part.Split('/')).Where(part => part.Length > 0)];
        if (segments.Length == 0)
        {
            return null;
        }

        var compacts = segments.Length > 1 && Is(segments[^1], "compact") && Is(segments[^2], "responses");
        var embeds = Is(segments[^1], "embeddings");
        var generates = Is(segments[^1], "completions") || Is(segments[^1], "responses") || compacts;
        return embeds || generates ? new GovernedRoute(embeds, DeploymentOf(segments)) : null;
    }

    private static string? DeploymentOf(string[] segments)
    {
        var at = Array.FindIndex(segments, segment => Is(segment, "deployments"));
        return at >= 0 && at + 1 < segments.Length - 1 ? segments[at + 1] : null;
    }

    private static bool Is(string segment, string word) => segment.Equals(word, StringComparison.OrdinalIgnoreCase);
}
