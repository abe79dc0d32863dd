using System.Text;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Tests.Records;

public sealed class RecordTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cz-record-");

    [Fact]
    public void Line_WrittenAndRead_IsTheSame()
    {
        var line = new RecordLine { Kind = LineKind.Ok, At = 12, Id = 3, Epoch = 4, Version = 5, Answer = Story.Allow, Agent = "größe" };

        var read = RecordFormat.Read(Encoding.UTF8.GetString(RecordFormat.Write(line)));

        Assert.Equal(RecordFormat.Write(line), RecordFormat.Write(read));
        Assert.Equal((line.Kind, line.At, line.Id, line.Epoch, line.Version, line.Answer, line.Agent), (read.Kind, read.At, read.Id, read.Epoch, read.Version, read.Answer, read.Agent));
        Assert.Equal("", RecordFormat.Read("""{"kind":"Tenant","at":0}""").Status);
    }

    [Fact]
    public void Record_OfCallsThatEndedAndThatDidNot_IsReadAsBoth()
    {
        var path = Path.Combine(_folder.FullName, "record.jsonl");
        using (var record = new RecordWriter(path, TimeProvider.System))
        {
            record.Write(new RecordLine { Kind = LineKind.Invoke, At = 1, Id = 1, Operation = Operation.Publish });
            record.Write(new RecordLine { Kind = LineKind.Invoke, At = 2, Id = 2 });
            record.Write(new RecordLine { Kind = LineKind.Ok, At = 3, Id = 2, Answer = Story.Deny });
        }

        var calls = History.Read(path).Calls;

        Assert.Equal((Operation.Publish, true, long.MaxValue), (calls[0].Operation, calls[0].IsUnknown, calls[0].Completed));
        Assert.Equal((Operation.Enforce, true, Story.Deny), (calls[1].Operation, calls[1].IsOk, calls[1].Answer));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
