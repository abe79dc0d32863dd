using System.Text;

namespace ControlZero.Cli.Policies;

/// <summary>Reads documents from files and from stdin.</summary>
internal static class PolicyFiles
{
    /// <summary>The name that means stdin.</summary>
    public const string StandardInput = "-";

    /// <summary>Far above any limit of a document, so that the parser names the limit and this program still stays small. Unit: bytes.</summary>
    private const long MaxBytes = 16 * 1024 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text of a file, or of stdin for <c>-</c>.</summary>
    public static string Read(CliHost host, string file)
    {
        if (file == StandardInput)
        {
            return host.In.ReadToEnd();
        }

        var path = Path.Combine(host.Directory, file);
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxBytes })
            {
                throw CommandFailure.Usage($"the file `{file}` is larger than {MaxBytes} bytes; give a policy document");
            }

            var text = StrictUtf8.GetString(File.ReadAllBytes(path));
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage($"the file `{file}` cannot be read; check the path and its permissions");
        }
        catch (DecoderFallbackException)
        {
            throw CommandFailure.Usage($"the file `{file}` is not UTF-8; save it as UTF-8");
        }
    }
}
