using System.Text.Json;

namespace ControlZero.Client.AI.Requests;

/// <summary>How request bodies are read.</summary>
internal static class StrictJson
{
    /// <summary>A field that is there twice is refused: which of the two counts differs from provider to provider.</summary>
    public static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 256 };
}
