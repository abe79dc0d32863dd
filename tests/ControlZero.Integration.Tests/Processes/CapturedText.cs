using System.Text;

namespace ControlZero.Integration.Tests.Processes;

/// <summary>What a program writes to one of its streams, as it comes.</summary>
internal sealed class CapturedText
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private readonly List<(string Start, TaskCompletionSource<string> Found)> _waiting = [];
    private bool _ended;

    /// <summary>All of it so far.</summary>
    public string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    /// <summary>Reads until the stream ends.</summary>
    public async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                _text.Append(line).Append('\n');
                foreach (var (_, found) in _waiting.Where(wait => line.StartsWith(wait.Start, StringComparison.Ordinal)))
                {
                    found.TrySetResult(line);
                }
            }
        }

        lock (_gate)
        {
            _ended = true;
            _waiting.ForEach(wait => wait.Found.TrySetException(new EndOfStreamException()));
        }
    }

    /// <summary>The first line that begins so; it may have come already.</summary>
    public Task<string> WaitForLineAsync(string start)
    {
        lock (_gate)
        {
            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_text.ToString().Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) is { } line)
            {
                found.SetResult(line);
            }
            else if (_ended)
            {
                found.SetException(new EndOfStreamException());
            }
            else
            {
                _waiting.Add((start, found));
            }

            return found.Task;
        }
    }
}
