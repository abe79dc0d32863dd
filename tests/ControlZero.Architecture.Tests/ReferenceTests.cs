using System.Reflection;

namespace ControlZero.Architecture.Tests;

/// <summary>References point one way. The map is the one of the README.</summary>
public sealed class ReferenceTests
{
    private const string Ours = "ControlZero.";

    // What each project may reference of ours. A new project needs a line.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["ControlZero.Engine"] = [],
        ["ControlZero.Abstractions"] = ["ControlZero.Engine"],
        ["ControlZero.Grains"] = ["ControlZero.Abstractions", "ControlZero.Engine"],
        ["ControlZero.Audit.Format"] = [],
        ["ControlZero.Audit"] = ["ControlZero.Abstractions", "ControlZero.Audit.Format", "ControlZero.Engine"],
        ["ControlZero.Storage"] = ["ControlZero.Abstractions", "ControlZero.Engine"],
        ["ControlZero.Protocol"] = [],
        ["ControlZero.Server"] =
        [
            "ControlZero.Abstractions", "ControlZero.Audit", "ControlZero.Audit.Format", "ControlZero.Engine", "ControlZero.Grains", "ControlZero.Protocol", "ControlZero.Storage",
        ],
        ["ControlZero.Client"] = ["ControlZero.Protocol"],
        ["ControlZero.Client.AI"] = ["ControlZero.Client"],
        ["cz"] = ["ControlZero.Audit.Format", "ControlZero.Client", "ControlZero.Engine", "ControlZero.Protocol"],
    };

    // What each project must never see, by the beginning of the assembly's name.
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["ControlZero.Engine"] = ["Orleans.Core", "Orleans.Runtime", "Microsoft.AspNetCore", "Google.Protobuf", "Grpc."],
        ["ControlZero.Abstractions"] = ["Orleans.Runtime", "Microsoft.AspNetCore", "Google.Protobuf", "Grpc."],
        ["ControlZero.Grains"] = ["Microsoft.AspNetCore", "Google.Protobuf", "Grpc.", "Microsoft.Data.Sqlite", "Npgsql", "StackExchange.Redis", "Azure."],
        ["ControlZero.Audit.Format"] = ["Orleans", "Microsoft.AspNetCore", "Google.Protobuf", "Grpc.", "Azure."],
        ["ControlZero.Audit"] = ["Orleans.Runtime", "Microsoft.AspNetCore", "Google.Protobuf", "Grpc."],
        ["ControlZero.Storage"] = ["Microsoft.AspNetCore", "Google.Protobuf", "Grpc."],
        ["ControlZero.Client"] = ["Orleans", "Microsoft.AspNetCore", "YamlDotNet", "Azure."],
        ["ControlZero.Client.AI"] = ["Orleans", "Microsoft.AspNetCore", "OpenAI"],
        ["cz"] = ["Orleans.Core,", "Orleans.Runtime", "Microsoft.AspNetCore"],
    };

    public static TheoryData<string> Projects() => [.. Allowed.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_OfOurs_ReferencesOnlyWhatItMay(string project)
    {
        var found = Load(project).GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith(Ours, StringComparison.Ordinal));

        Assert.Empty(found.Except(Allowed[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_OfOurs_NeverSeesWhatIsNotItsBusiness(string project)
    {
        var forbidden = Forbidden.GetValueOrDefault(project, []);

        var found = Load(project).GetReferencedAssemblies().Where(name => forbidden.Any(start => $"{name.Name},".StartsWith(start, StringComparison.Ordinal)));

        Assert.Empty(found.Select(name => name.Name));
    }

    [Fact]
    public void Map_HasALineForEveryProject()
    {
        var source = Path.Combine(Repository.Root, "src");
        var projects = Directory.GetFiles(source, "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension);

        Assert.Equal(Allowed.Keys.Select(name => name == "cz" ? "ControlZero.Cli" : name).Order(), projects.Order());
    }

    private static Assembly Load(string name) => Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, $"{name}.dll"));
}
