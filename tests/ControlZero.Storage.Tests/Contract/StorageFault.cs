namespace ControlZero.Storage.Tests.Contract;

/// <summary>What can happen to a call between a provider and its store.</summary>
public enum StorageFault
{
    /// <summary>The store answers with an error and has changed nothing.</summary>
    FailBefore,

    /// <summary>The store has applied the change; the connection breaks before the answer arrives.</summary>
    LoseReply,

    /// <summary>The store answers late, within the provider's patience.</summary>
    Delay,

    /// <summary>The call never reaches the store, and no answer ever comes.</summary>
    HangBefore,

    /// <summary>The store has applied the change, and no answer ever comes.</summary>
    HangAfter,
}

/// <summary>A call that changes a record.</summary>
public enum StorageOperation
{
    /// <summary>A write where no record is.</summary>
    Insert,

    /// <summary>A write over a record.</summary>
    Replace,

    /// <summary>A clear of a record.</summary>
    Clear,
}

/// <summary>What the caller of a provider was told.</summary>
public enum Told
{
    /// <summary>The call returned.</summary>
    Applied,

    /// <summary>It threw <see cref="Orleans.Storage.InconsistentStateException"/>: somebody else changed the record.</summary>
    Refused,

    /// <summary>It threw anything else, a cancellation among them: the outcome is unknown.</summary>
    Unknown,
}
