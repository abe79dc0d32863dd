using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Tests.Wal;

/// <summary>A disk whose flushes, or writes, wait until it is released.</summary>
internal sealed class HeldDisk(IWalFiles inner) : IWalFiles
{
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether writes wait, and not flushes.</summary>
    public bool HoldsWrites { get; init; }

    public IReadOnlyList<string> List() => inner.List();

    public IWalFile Create(string name, long length) => new HeldFile(this, inner.Create(name, length));

    public IWalFile? TryTake(string name) => inner.TryTake(name);

    private sealed class HeldFile(HeldDisk disk, IWalFile inner) : IWalFile
    {
        public string Name => inner.Name;

        public long Length => inner.Length;

        public int Read(Span<byte> to, long offset) => inner.Read(to, offset);

        public void Write(ReadOnlySpan<byte> from, long offset)
        {
            Hold(disk.HoldsWrites);
            inner.Write(from, offset);
        }

        public void Flush()
        {
            Hold(!disk.HoldsWrites);
            inner.Flush();
        }

        public void Extend(long length) => inner.Extend(length);

        public void Rename(string name) => inner.Rename(name);

        public void Delete() => inner.Delete();

        public void Dispose() => inner.Dispose();

        private void Hold(bool holds)
        {
            if (holds)
            {
                disk.Held.TrySetResult();
                disk.Release.Task.Wait();
            }
        }
    }
}
