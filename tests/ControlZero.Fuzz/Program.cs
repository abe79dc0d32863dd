using System.CommandLine;
using System.Text.Json;
using ControlZero.Fuzz;

var seconds = new Option<int>("--seconds") { Description = "How long each target is fed. Unit: seconds.", DefaultValueFactory = _ => 30 };
var seed = new Option<int>("--seed") { Description = "Makes the same inputs again.", DefaultValueFactory = _ => 1 };
var only = new Option<string?>("--target") { Description = $"One of {string.Join(", ", Targets.All.Select(target => target.Name))}. Default: all." };
var json = new Option<bool>("--json") { Description = "Print the figures as JSON on stdout." };
var folder = new Option<string>("--findings") { Description = "Where a failing input is written.", DefaultValueFactory = _ => "artifacts/fuzz" };
var command = new RootCommand("Feeds seeded, mutated inputs to everything that reads what strangers send. Exit code 1: a finding.") { seconds, seed, only, json, folder };
command.SetAction(parsed =>
{
    var chosen = Targets.All.Where(target => parsed.GetValue(only) is not { } name || name == target.Name).ToList();
    if (chosen.Count == 0)
    {
        Console.Error.WriteLine($"there is no target `{parsed.GetValue(only)}`; see --help");
        return 2;
    }

    var results = chosen.ConvertAll(target => Feed(target, parsed.GetValue(seed), TimeSpan.FromSeconds(parsed.GetValue(seconds))));
    if (parsed.GetValue(json))
    {
        Console.Out.WriteLine(JsonSerializer.Serialize(results));
    }

    foreach (var finding in results.Select(result => result.Finding).OfType<Finding>())
    {
        Keep(finding, parsed.GetValue(folder)!);
    }

    return results.Exists(result => result.Finding is not null) ? 1 : 0;
});
return command.Parse(args).Invoke();

static LaneResult Feed(Target target, int seed, TimeSpan time)
{
    var begun = TimeProvider.System.GetTimestamp();
    var said = TimeSpan.Zero;
    var result = Lane.Run(target, seed, inputs =>
    {
        var elapsed = TimeProvider.System.GetElapsedTime(begun);
        if (elapsed - said > TimeSpan.FromSeconds(2))
        {
            said = elapsed;
            Console.Error.WriteLine($"{target.Name,-10} {elapsed.TotalSeconds,4:0} of {time.TotalSeconds:0} s, {inputs} inputs");
        }

        return elapsed < time;
    });
    Console.Error.WriteLine(FormattableString.Invariant(
        $"{target.Name,-10} {result.Inputs} inputs, slowest {result.SlowestMilliseconds:0.0} ms, largest {result.LargestMebibytes:0.0} MiB, {(result.Finding is null ? "nothing found" : "FOUND")}"));
    return result;
}

static void Keep(Finding finding, string folder)
{
    Directory.CreateDirectory(folder);
    var file = Path.Combine(folder, $"{finding.Target}-seed{finding.Seed}-{finding.Round}.bin");
    File.WriteAllBytes(file, finding.Input);
    File.WriteAllText(file + ".txt", $"target {finding.Target}, seed {finding.Seed}, input {finding.Round}\n{finding.What}\n");
    Console.Error.WriteLine($"{finding.Target}: {finding.What.Split('\n')[0]}; the input is in {file}");
}
