using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>
/// How those who hold accounts, and storage, keep to the protocol: faithfully. A mutant overrides one of these, which takes one protection away;
/// the account itself is always the real one.
/// </summary>
internal class Conduct
{
    public virtual string Name => "faithful";

    /// <summary>Whether storage compares what a write rests on.</summary>
    public virtual bool StorageCompares => true;

    /// <summary>Whether a write is taken for done when it is sent.</summary>
    public virtual bool ConfirmsOnSending => false;

    /// <summary>Whether a debt is acknowledged before it is written.</summary>
    public virtual bool AcknowledgesDebtAtOnce => false;

    /// <summary>Whether a settle that is told twice counts once.</summary>
    public virtual bool SettlesOnce => true;

    /// <summary>For how long limits may be taken for those in force without a look.</summary>
    public virtual TimeSpan Freshness => TimeSpan.FromSeconds(2);

    /// <summary>Whether the request of an open reservation is known again when it comes again.</summary>
    public virtual bool RemembersRequests => true;

    /// <summary>Whether what a silo gives back on recall is what it may no longer grant.</summary>
    public virtual bool LetsGoOnRecall => true;

    /// <summary>Whether what is kept of reservations has an end.</summary>
    public virtual bool KeepsToBounds => true;

    /// <summary>Whether a call in flight is ended where there is no room for another.</summary>
    public virtual bool EndsCallsEarly => false;

    /// <summary>The name of an adjustment that is told for the n-th time.</summary>
    public virtual string NameOf(string adjustment, int telling) => adjustment;

    /// <summary>Whether an answer says that a write was done. Otherwise the record is read.</summary>
    public virtual bool IsConfirmation(WriteReply reply) => reply == WriteReply.Done;

    /// <summary>The record as its holder takes it.</summary>
    public virtual QuotaRecord? Take(QuotaRecord? record, Guid owner, bool isOpening, DateTimeOffset now) => record;

    /// <summary>The time a decision goes by.</summary>
    public virtual DateTimeOffset Time(DateTimeOffset now, DateTimeOffset lastWrite) => now;
}
