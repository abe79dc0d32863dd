using System.Net.Sockets;
using ControlZero.Storage.Tests.Contract;

namespace ControlZero.Storage.Tests.Postgres;

/// <summary>
/// The link between the driver and PostgreSQL, with faults: a socket that passes on what it is sent, and at the next statement loses it, its
/// answer, or both, or lets them wait. Below everything that provider and driver do about time-outs.
/// </summary>
internal sealed class FaultyLink : IAsyncDisposable
{
    private const string Name = ".s.PGSQL.5432";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cz-link-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _over = new();
    private readonly string _server;
    private readonly Task _accepting;
    private volatile Armed? _armed;

    private FaultyLink(string server)
    {
        _server = Path.Combine(server, Name);
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.FullName, Name)));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>What the driver takes for PostgreSQL's directory.</summary>
    public string Host => _folder.FullName;

    /// <summary>Makes one.</summary>
    /// <param name="server">The directory of PostgreSQL's own socket.</param>
    public static FaultyLink Before(string server) => new(server);

    /// <summary>Has the next statement suffer a fault.</summary>
    public Armed Arm(StorageFault fault) => _armed = new Armed(fault);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task AcceptAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
            {
                links.Add(LinkAsync(await _listener.AcceptAsync(_over.Token)));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException)
        {
            await Task.WhenAll(links);
        }
    }

    private async Task LinkAsync(Socket driver)
    {
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var own = driver;
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_server), cut.Token);
            await await Task.WhenAny(AskAsync(driver, server, cut), AnswerAsync(server, driver, cut));
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The link is cut; both ends see it.
        }

        await cut.CancelAsync();
    }

    private async Task AskAsync(Socket driver, Socket server, CancellationTokenSource cut)
    {
        var buffer = new byte[1 << 16];
        while (await driver.ReceiveAsync(buffer, cut.Token) is > 0 and var count)
        {
            switch (_armed)
            {
                case { Fault: StorageFault.FailBefore }:
                    _armed = null;
                    return;
                case { Fault: StorageFault.HangBefore } armed:
                    await armed.MeetAsync(cut.Token);
                    _armed = null;
                    return;
                case { Fault: StorageFault.Delay } armed:
                    await armed.MeetAsync(cut.Token);
                    _armed = null;
                    break;
            }

            await server.SendAsync(buffer.AsMemory(0, count), cut.Token);
        }
    }

    // Every statement is a transaction of its own: when its answer comes, it is committed.
    private async Task AnswerAsync(Socket server, Socket driver, CancellationTokenSource cut)
    {
        var buffer = new byte[1 << 16];
        while (await server.ReceiveAsync(buffer, cut.Token) is > 0 and var count)
        {
            switch (_armed)
            {
                case { Fault: StorageFault.LoseReply }:
                    _armed = null;
                    return;
                case { Fault: StorageFault.HangAfter } armed:
                    await armed.MeetAsync(cut.Token);
                    _armed = null;
                    return;
            }

            await driver.SendAsync(buffer.AsMemory(0, count), cut.Token);
        }
    }

    /// <summary>A fault that is to come, and the statement that met it.</summary>
    internal sealed class Armed(StorageFault fault)
    {
        private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public StorageFault Fault => fault;

        /// <summary>Completes when a statement, or its answer, is held.</summary>
        public Task Met => _met.Task;

        /// <summary>Lets what is held go on, or with a hanging one ends the link.</summary>
        public void Release() => _release.TrySetResult();

        internal Task MeetAsync(CancellationToken cut)
        {
            _met.TrySetResult();
            return _release.Task.WaitAsync(cut);
        }
    }
}
