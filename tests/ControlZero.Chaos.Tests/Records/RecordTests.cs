using System.Text;
using ControlZero.Chaos.Records;
using ControlZero.Chaos.Reports;

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

    /// <summary>The recorder was killed while it wrote: wherever its last line was cut off, what was written whole is read.</summary>
    [Fact]
    public async Task Record_WhoseLastLineIsTornAnywhere_IsReadWithoutIt_AndSaysSo()
    {
        var whole = Bytes(1, 2);
        var last = RecordFormat.Write(Line(3) with { Agent = "größe" });
        for (var written = 1; written < last.Length; written++)
        {
            var history = History.Read(File([.. whole, .. last[..written]]));

            Assert.Equal((written, 2), (history.TornBytes, history.Lines.Count));
        }

        var report = await ChaosReport.ReadAsync("a run", File([.. whole, .. last[..5]]), []);
        Assert.Contains("last line is torn: 5 bytes left out", MarkdownReport.Write(report), StringComparison.Ordinal);
        Assert.Equal(["audit, verify, queries: the record is torn, so there may be events of calls that it does not have"], report.NotRun);
    }

    [Fact]
    public void Record_WhoseTornLineIsLongOrItsOnlyOne_IsReadToo()
    {
        var last = RecordFormat.Write(Line(3) with { Agent = new string('a', 200_000) })[..^1];

        var only = History.Read(File(last));
        var after = History.Read(File([.. Bytes(1, 2), .. last]));

        Assert.Equal((last.Length, 0), (only.TornBytes, only.Lines.Count));
        Assert.Equal((last.Length, 2), (after.TornBytes, after.Lines.Count));
    }

    [Fact]
    public async Task Record_ThatIsWhole_IsNotTorn_WhetherItsLastLineHasItsEndOrNot()
    {
        var whole = Bytes(1, 2);

        Assert.Equal((0, 2), History.Read(File(whole)) is var read ? (read.TornBytes, read.Lines.Count) : default);
        Assert.Equal((0, 2), History.Read(File(whole[..^1])) is var cut ? (cut.TornBytes, cut.Lines.Count) : default);
        Assert.DoesNotContain("torn", MarkdownReport.Write(await ChaosReport.ReadAsync("a run", File(whole), [])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public void Record_WithABrokenLineThatIsNotTorn_IsAnErrorThatSaysWhich(int before, int number)
    {
        var after = Bytes([.. Enumerable.Range(1, 2 - before)]);
        var path = File([.. Bytes([.. Enumerable.Range(1, before)]), .. RecordFormat.Write(Line(9))[..^3], (byte)'\n', .. after]);

        var error = Assert.Throws<ChaosException>(() => History.Read(path));

        Assert.StartsWith($"line {number} of `{path}` cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_WithABrokenLineBeforeATornOne_IsAnError()
    {
        var error = Assert.Throws<ChaosException>(() => History.Read(File([.. Bytes(1), .. "{\n"u8, .. "{\"ki"u8])));

        Assert.StartsWith("line 2 of ", error.Message, StringComparison.Ordinal);
    }

    private static RecordLine Line(long id) => new() { Kind = LineKind.Invoke, At = id, Id = id };

    private static byte[] Bytes(params int[] ids) => [.. ids.SelectMany(id => (byte[])[.. RecordFormat.Write(Line(id)), (byte)'\n'])];

    private string File(byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, "record.jsonl");
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
