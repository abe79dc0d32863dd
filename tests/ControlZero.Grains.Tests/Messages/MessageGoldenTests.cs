using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace ControlZero.Grains.Tests.Messages;

/// <summary>
/// Messages as an earlier release wrote them, which silos of this one must read: during an upgrade both are in one cluster. A golden file holds, for every
/// message there was, its alias, its bytes and what it held. It is never changed; a release adds one of its own (set <c>CONTROLZERO_WRITE_GOLDENS</c> to
/// the new file and run <see cref="EveryMessage_CanBeWrittenAndRead"/>; within a release, only the messages that are new or have grown). New members and
/// messages are fine; a number, alias or type that changes is not.
/// </summary>
public sealed class MessageGoldenTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private Serializer Serializer => _services.GetRequiredService<Serializer>();

    public static TheoryData<string, string, string> Goldens()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Messages", "golden"), "*.txt").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            foreach (var block in File.ReadAllText(file).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
            {
                var lines = block.Trim().Split('\n');
                data.Add($"{name} {lines[0]}", lines[1], string.Join('\n', lines[2..]));
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Message_OfAnEarlierRelease_HoldsWhatItHeld(string message, string bytes, string held)
    {
        var read = Serializer.Deserialize<object>(Convert.FromBase64String(bytes))!;

        Assert.Equal(message.Split(' ')[1], MessageSample.AliasOf(read.GetType()));
        Assert.Empty(held.Split('\n').Except(MessageSample.Describe(read)));
    }

    [Fact]
    public void EveryMessage_CanBeWrittenAndRead()
    {
        var blocks = MessageSample.Types.Select(type =>
        {
            var sample = MessageSample.Of(type);
            var bytes = Serializer.SerializeToArray<object>(sample);
            var held = MessageSample.Describe(sample);
            Assert.Equal(held, MessageSample.Describe(Serializer.Deserialize<object>(bytes)!));
            return $"{MessageSample.AliasOf(type)}\n{Convert.ToBase64String(bytes)}\n{string.Join('\n', held)}\n";
        }).ToList();

        Assert.NotEmpty(blocks);
        if (Environment.GetEnvironmentVariable("CONTROLZERO_WRITE_GOLDENS") is { Length: > 0 } file)
        {
            File.WriteAllText(file, string.Join('\n', blocks));
        }
    }

    public void Dispose() => _services.Dispose();
}
