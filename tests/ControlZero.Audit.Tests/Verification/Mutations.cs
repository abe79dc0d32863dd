using System.Text;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Tests.Verification;

/// <summary>Ways to do harm to a log's files. Each changes something, by the given chance.</summary>
internal static class Mutations
{
    private static readonly LedgerKey Stranger = LedgerKey.Generate();

    public static readonly IReadOnlyDictionary<string, Action<MemoryArchive, Random>> All = new Dictionary<string, Action<MemoryArchive, Random>>
    {
        ["flip a bit"] = (log, random) => Change(log, random, AnyFile, bytes => bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8))),
        ["cut bytes out"] = (log, random) => Replace(log, random, AnyFile, bytes =>
        {
            var at = random.Next(bytes.Length);
            return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + 1 + random.Next(300))..]];
        }),
        ["truncate"] = (log, random) => Replace(log, random, AnyFile, bytes => bytes[..random.Next(bytes.Length)]),
        ["remove lines"] = (log, random) => Lines(log, random, lines => lines.RemoveRange(random.Next(lines.Count), 1)),
        ["swap lines"] = (log, random) => Lines(log, random, lines =>
        {
            var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
            (lines[one], lines[other]) = (lines[other], lines[one]);
        }),
        ["duplicate a line"] = (log, random) => Lines(log, random, lines => lines.Insert(random.Next(lines.Count + 1), lines[random.Next(lines.Count)])),
        ["splice a foreign line in"] = (log, random) =>
        {
            var foreign = Text(log.Files[AnyFile(log, random)]);
            var line = foreign[random.Next(foreign.Count)];
            Lines(log, random, lines => lines[random.Next(lines.Count)] = line);
        },
        ["splice another tenant's body in"] = (log, random) => Lines(log, random, lines =>
        {
            var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
            lines[one] = lines[one][..Math.Min(191, lines[one].Length)] + lines[other][Math.Min(191, lines[other].Length)..];
        }),
        ["drop a body"] = (log, random) => Segment(log, random, lines =>
        {
            var at = 1 + random.Next(lines.Count - 2);
            var to = new byte[256];
            Assert.True(ChainedLine.TryParse(Encoding.UTF8.GetBytes(lines[at]), out var line));
            lines[at] = Encoding.UTF8.GetString(to, 0, line.WriteReduced(to) - 1);
        }),
        ["write a segment anew"] = (log, random) => Segment(log, random, lines => Rechain(lines, random)),
        ["delete a segment"] = (log, random) => log.Files.Remove(AnySegment(log, random)),
        ["exchange segments"] = (log, random) =>
        {
            var (one, other) = (AnySegment(log, random), AnySegment(log, random));
            (log.Files[one], log.Files[other]) = (log.Files[other], log.Files[one]);
        },
        ["copy a segment"] = (log, random) =>
        {
            Assert.True(SegmentId.TryParse(AnySegment(log, random), out var id));
            var copy = id with { Number = id.Number + random.Next(1, 9), Generation = id.Generation + random.Next(2) };
            log.Files[copy.PathAt(new DateTimeOffset(2026, 11, 27, 20, 0, 0, TimeSpan.Zero))] = log.Files[AnySegment(log, random)];
        },
        ["sign the ledger anew"] = (log, random) => Replace(log, random, AnyLedger, bytes => Resign(Text(bytes), random, isForged: false)),
        ["forge the ledger"] = (log, random) => Replace(log, random, AnyLedger, bytes => Resign(Text(bytes), random, isForged: true)),
        ["delete the ledger"] = (log, random) => log.Files.Remove(AnyLedger(log, random)),
    };

    private static string AnyFile(MemoryArchive log, Random random) => log.Files.Keys.ElementAt(random.Next(log.Files.Count));

    private static string AnySegment(MemoryArchive log, Random random)
    {
        var segments = log.Files.Keys.Where(file => file.StartsWith("audit/", StringComparison.Ordinal)).ToArray();
        return segments[random.Next(segments.Length)];
    }

    private static string AnyLedger(MemoryArchive log, Random random)
    {
        var ledger = log.Files.Keys.Where(file => file.StartsWith("ledger/", StringComparison.Ordinal)).ToArray();
        return ledger[random.Next(ledger.Length)];
    }

    private static void Replace(MemoryArchive log, Random random, Func<MemoryArchive, Random, string> pick, Func<byte[], byte[]> change)
    {
        var file = pick(log, random);
        log.Files[file] = change(log.Files[file]);
    }

    private static void Change(MemoryArchive log, Random random, Func<MemoryArchive, Random, string> pick, Action<byte[]> change) =>
        Replace(log, random, pick, bytes =>
        {
            byte[] changed = [.. bytes];
            change(changed);
            return changed;
        });

    private static void Lines(MemoryArchive log, Random random, Action<List<string>> change) => Rewrite(log, random, AnyFile, change);

    private static void Segment(MemoryArchive log, Random random, Action<List<string>> change) => Rewrite(log, random, AnySegment, change);

    private static void Rewrite(MemoryArchive log, Random random, Func<MemoryArchive, Random, string> pick, Action<List<string>> change) =>
        Replace(log, random, pick, bytes =>
        {
            var lines = Text(bytes);
            change(lines);
            return Bytes(lines);
        });

    // What a forger without the ledger's key would do: another body, and all hashes after it right.
    private static void Rechain(List<string> lines, Random random)
    {
        var at = 1 + random.Next(lines.Count - 2);
        Assert.True(ChainedLine.TryParse(Encoding.UTF8.GetBytes(lines[0]), out var header));
        Assert.True(ChainedLine.TryParse(Encoding.UTF8.GetBytes(lines[1]), out var line));
        var (first, headerHash, head) = (line.Sequence, header.Hash, line.Previous);
        for (var index = 1; index < lines.Count - 1; index++)
        {
            Assert.True(ChainedLine.TryParse(Encoding.UTF8.GetBytes(lines[index]), out line));
            var content = Encoding.UTF8.GetString(line.Content);
            content = index == at ? content.Replace("\"padding\":\"", "\"padding\":\"x", StringComparison.Ordinal) : content;
            var salt = Convert.FromHexString(lines[index].AsSpan(157, 32));
            var written = new byte[ChainedLine.FullLength(Encoding.UTF8.GetByteCount(content))];
            head = ChainedLine.Write(head, salt, Encoding.UTF8.GetBytes(content), written);
            lines[index] = Encoding.UTF8.GetString(written, 0, written.Length - 1);
        }

        lines[^1] = Encoding.UTF8.GetString(EndLine.Of(first, first + lines.Count - 3, head, headerHash, out _)).TrimEnd('\n');
    }

    private static byte[] Resign(List<string> lines, Random random, bool isForged)
    {
        var (at, previous, bytes) = (random.Next(lines.Count), default(ChainHash), new List<byte>());
        for (var index = 0; index < lines.Count; index++)
        {
            Assert.True(LedgerLine.TryParse(Encoding.UTF8.GetBytes(lines[index]), out var line));
            if (index < at)
            {
                previous = line.Hash;
                bytes.AddRange(Encoding.UTF8.GetBytes(lines[index] + "\n"));
                continue;
            }

            // From the change on all is signed with the only key the forger has.
            var content = Encoding.UTF8.GetString(line.Content);
            content = isForged && index == at ? content.Replace("\"time\":\"2", "\"time\":\"3", StringComparison.Ordinal) : content;
            bytes.AddRange(LedgerLine.Write(previous, content, Stranger, out previous));
        }

        return [.. bytes];
    }

    private static List<string> Text(byte[] bytes) => [.. Encoding.UTF8.GetString(bytes).TrimEnd('\n').Split('\n')];

    private static byte[] Bytes(List<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));
}
