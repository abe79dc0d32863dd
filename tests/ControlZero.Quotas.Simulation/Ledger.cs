using ControlZero.Engine.Quotas;

namespace ControlZero.Quotas.Simulation;

/// <summary>An account and its record, driven as its grain drives it: one write at a time, and after anything but a confirmation the record is read.</summary>
internal sealed class Ledger(World world, Silo silo, Shelf shelf)
{
    private const int Attempts = 3;

    private readonly Queue<(Func<QuotaWrite?>? Plan, Action<bool> Done)> _work = new();
    private readonly int _life = silo.Life;
    private bool _isBusy;

    public QuotaAccount Account { get; } = new(world.Dice.NextId());

    public Shelf Shelf => shelf;

    public DateTimeOffset LastWrite { get; private set; }

    public bool IsWriting => Account.Pending is not null;

    /// <summary>Makes the writes that are planned, until none is, and says whether storage confirmed them.</summary>
    public void Submit(Func<QuotaWrite?> plan, Action<bool> done)
    {
        _work.Enqueue((plan, done));
        Pump();
    }

    /// <summary>Looks at what others have written since.</summary>
    public void Refresh(Action<bool> done)
    {
        _work.Enqueue((null, done));
        Pump();
    }

    public void TopUp()
    {
        if (Account.IsLow && _work.Count == 0)
        {
            Submit(() => Account.IsLow ? Account.Plan([], silo.Now) : null, _ => { });
        }
    }

    private void Pump()
    {
        while (!_isBusy && _work.TryPeek(out var next))
        {
            if (!Account.IsLoaded)
            {
                Open();
            }
            else if (next.Plan is null && Account.Pending is null)
            {
                Look();
            }
            else if ((next.Plan is null ? Account.Pending : next.Plan()) is { } write)
            {
                LastWrite = silo.Now;
                Make(write, attempt: 1);
            }
            else
            {
                _work.Dequeue().Done(true);
            }
        }
    }

    private void Look()
    {
        _isBusy = true;
        shelf.Read((ok, record, etag) => silo.Deliver(_life, () =>
        {
            if (!ok)
            {
                GiveUp();
                return;
            }

            Account.Load(Take(record, isOpening: false), etag);
            _work.Dequeue().Done(true);
            Resume();
        }));
    }

    private void Open()
    {
        _isBusy = true;
        shelf.Read((ok, record, etag) => silo.Deliver(_life, () =>
        {
            if (!ok)
            {
                GiveUp();
                return;
            }

            Account.Load(Take(record, isOpening: true), etag);
            Resume();
        }));
    }

    private void Make(QuotaWrite write, int attempt)
    {
        _isBusy = true;
        if (world.Conduct.ConfirmsOnSending)
        {
            shelf.Write(write, (_, _) => { });
            Account.Applied(write.ETag);
            Reopen();
            return;
        }

        shelf.Write(write, (reply, etag) => silo.Deliver(_life, () =>
        {
            if (world.Conduct.IsConfirmation(reply))
            {
                Account.Applied(etag);
                if (etag is null)
                {
                    Reopen();
                    return;
                }

                Resume();
                return;
            }

            ReadBack(write, attempt);
        }));
    }

    private void ReadBack(QuotaWrite write, int attempt) => shelf.Read((ok, record, etag) => silo.Deliver(_life, () =>
    {
        if (!ok)
        {
            GiveUp();
            return;
        }

        switch (Account.ReadBack(Take(record, isOpening: false), etag))
        {
            case WriteOutcome.Open:
                world.Coverage.Count(Happening.ReadBackOpen);
                if (attempt < Attempts)
                {
                    Make(write, attempt + 1);
                }
                else
                {
                    GiveUp();
                }

                break;
            case WriteOutcome.Applied:
                world.Note(Happening.ReadBackFoundOwn, $"{silo}: finds its own write in {shelf.Name}");
                Resume();
                break;
            default:
                silo.Losses++;
                world.Note(Happening.ReadBackLost, $"{silo}: its write of {shelf.Name} is nobody's");
                Resume();
                break;
        }
    }));

    // Only a mutant comes here: it believes that it was written and must learn the version.
    private void Reopen() => shelf.Read((ok, record, etag) => silo.Deliver(_life, () =>
    {
        if (ok && Account.Pending is null)
        {
            Account.Load(record, etag);
        }

        Resume();
    }));

    private QuotaRecord? Take(QuotaRecord? record, bool isOpening) => world.Conduct.Take(record, Account.Owner, isOpening, silo.Now);

    private void GiveUp()
    {
        var waiting = _work.Dequeue();
        _isBusy = false;
        waiting.Done(false);
        Pump();
    }

    private void Resume()
    {
        _isBusy = false;
        Pump();
    }
}
