using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Tests.Wal;

/// <summary>
/// A disk that keeps for sure only what was flushed. At a crash each write since the last flush is kept, torn in two, or forgotten, by seed, and names that were
/// not made durable are as they were.
/// </summary>
internal sealed class ForgetfulDisk(int seed, bool ignoresFlushes = false, int crashAtWrite = 0) : IWalFiles
{
    private readonly bool _ignoresFlushes = ignoresFlushes;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, Content> _files = [];
    private readonly Lock _lock = new();
    private int _writesLeft = crashAtWrite;

    /// <summary>Writes that were forgotten or torn at crashes.</summary>
    public int Forgotten { get; private set; }

    /// <summary>The disk after the crash, which happens right after a certain write, before its flush; null before.</summary>
    public ForgetfulDisk? After { get; private set; }

    /// <summary>When set, the next flush fails, and what it was for may be lost.</summary>
    public bool FailsNextFlush { get; set; }

    /// <summary>Whether every write fails.</summary>
    public bool FailsWrites { get; set; }

    public IReadOnlyList<string> List()
    {
        lock (_lock)
        {
            return [.. _files.Keys];
        }
    }

    public IWalFile Create(string name, long length)
    {
        lock (_lock)
        {
            var content = new Content(new byte[length]);
            Assert.True(_files.TryAdd(name, content));
            return new OpenFile(this, name, content);
        }
    }

    public IWalFile? TryTake(string name)
    {
        lock (_lock)
        {
            return _files.TryGetValue(name, out var content) ? new OpenFile(this, name, content) : null;
        }
    }

    /// <summary>The disk as the next start finds it. Whoever still writes to this one does so in vain.</summary>
    public ForgetfulDisk Crash()
    {
        lock (_lock)
        {
            var after = new ForgetfulDisk(_random.Next());
            foreach (var (name, content) in _files)
            {
                after._files[name] = new Content(AfterCrash(content));
            }

            return after;
        }
    }

    private byte[] AfterCrash(Content content)
    {
        var kept = content.Flushed.ToArray();
        foreach (var (offset, bytes) in content.Unflushed)
        {
            var length = _random.Next(3) switch { 0 => 0, 1 => _random.Next(bytes.Length), _ => bytes.Length };
            Forgotten += length < bytes.Length ? 1 : 0;
            bytes.AsSpan(0, length).CopyTo(kept.AsSpan((int)offset));
        }

        return kept;
    }

    private sealed class Content(byte[] bytes)
    {
        public byte[] Present { get; set; } = bytes;

        public byte[] Flushed { get; set; } = [.. bytes];

        public List<(long Offset, byte[] Bytes)> Unflushed { get; } = [];
    }

    private sealed class OpenFile(ForgetfulDisk disk, string name, Content content) : IWalFile
    {
        public string Name { get; private set; } = name;

        public long Length
        {
            get
            {
                lock (disk._lock)
                {
                    return content.Present.Length;
                }
            }
        }

        public int Read(Span<byte> to, long offset)
        {
            lock (disk._lock)
            {
                var length = (int)Math.Min(to.Length, Math.Max(0, content.Present.Length - offset));
                content.Present.AsSpan((int)offset, length).CopyTo(to);
                return length;
            }
        }

        public void Write(ReadOnlySpan<byte> from, long offset)
        {
            lock (disk._lock)
            {
                if (disk.FailsWrites)
                {
                    throw new IOException("the disk says no");
                }

                from.CopyTo(content.Present.AsSpan((int)offset));
                content.Unflushed.Add((offset, from.ToArray()));
                if (--disk._writesLeft == 0)
                {
                    disk.After = disk.Crash();
                }
            }
        }

        public void Flush()
        {
            lock (disk._lock)
            {
                if (disk.FailsNextFlush)
                {
                    disk.FailsNextFlush = false;
                    throw new IOException("the disk says no");
                }

                if (disk._ignoresFlushes)
                {
                    return;
                }

                foreach (var (offset, bytes) in content.Unflushed)
                {
                    bytes.CopyTo(content.Flushed.AsSpan((int)offset));
                }

                content.Unflushed.Clear();
            }
        }

        public void Extend(long length)
        {
            lock (disk._lock)
            {
                byte[] present = [.. content.Present, .. new byte[Math.Max(0, length - content.Present.Length)]];
                (content.Present, content.Flushed) = (present, [.. content.Flushed, .. new byte[present.Length - content.Flushed.Length]]);
            }
        }

        public void Rename(string name)
        {
            lock (disk._lock)
            {
                disk._files.Remove(Name);
                disk._files[Name = name] = content;
            }
        }

        public void Delete()
        {
            lock (disk._lock)
            {
                disk._files.Remove(Name);
            }
        }

        public void Dispose()
        {
            // Its content belongs to the disk.
        }
    }
}
