using Spectre.Console;

namespace ControlZero.Cli.Output;

/// <summary>Shows on stderr how far long work is. Where nobody looks, nothing is shown.</summary>
internal sealed class ProgressBar
{
    private readonly ProgressTask? _task;

    private ProgressBar(ProgressTask? task) => _task = task;

    /// <summary>Runs work with a bar.</summary>
    /// <param name="host">Where it is shown.</param>
    /// <param name="what">What is done.</param>
    /// <param name="work">The work.</param>
    public static async Task<T> RunAsync<T>(CliHost host, string what, Func<ProgressBar, Task<T>> work)
    {
        if (!host.ErrorIsTerminal)
        {
            return await work(new ProgressBar(null));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error), Interactive = InteractionSupport.Yes });
        return await console.Progress().AutoClear(true).HideCompleted(false).StartAsync(async context =>
        {
            var task = context.AddTask(what);
            task.IsIndeterminate = true;
            return await work(new ProgressBar(task));
        });
    }

    /// <summary>How much of how much is done.</summary>
    public void Reached(double done, double all)
    {
        if (_task is not null && all > 0)
        {
            _task.IsIndeterminate = false;
            (_task.MaxValue, _task.Value) = (all, done);
        }
    }

    /// <summary>How far it is, in words, where nobody knows how much there is.</summary>
    public void Said(string words)
    {
        if (_task is not null)
        {
            _task.Description = Markup.Escape(words);
        }
    }
}
