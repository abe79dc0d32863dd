namespace ControlZero.Servers.Network;

/// <summary>Where the servers of a cluster and their storage are, and how a program is run there.</summary>
public abstract class ServerNetwork : IAsyncDisposable
{
    /// <summary>Where the storage listens besides its socket. Null: nowhere, its socket and loopback are reached from everywhere.</summary>
    public abstract string? StorageAddress { get; }

    /// <summary>Whether what is sent from one place to another can be dropped here.</summary>
    public abstract bool CanPartition { get; }

    /// <summary>Whether servers are on loopback, where they serve without TLS and without being told to.</summary>
    public abstract bool IsLoopback { get; }

    /// <summary>The address of a server, numbered from 1. It is the server's alone, so every port of it is free.</summary>
    public abstract string AddressOf(int server);

    /// <summary>What a program is run by to be at a server's place.</summary>
    public abstract IReadOnlyList<string> Enter(int server);

    /// <summary>What a program is run by to be at the storage's place.</summary>
    public abstract IReadOnlyList<string> EnterStorage();

    /// <summary>From now on drops, without a word, whatever goes from one place to the other. The opposite direction is left alone.</summary>
    public abstract Task CutAsync(NetworkPlace from, NetworkPlace to);

    /// <summary>Ends all cuts.</summary>
    public abstract Task HealAsync();

    /// <summary>Takes the network down.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A place in a network: a server's, or the storage's.</summary>
/// <param name="Server">The server's number from 1. 0: the storage.</param>
public readonly record struct NetworkPlace(int Server)
{
    /// <summary>Where the storage is.</summary>
    public static NetworkPlace Storage => new(0);

    /// <summary>For people.</summary>
    public override string ToString() => Server == 0 ? "storage" : $"server {Server}";
}
