namespace ControlZero.Audit.Format.Verification;

internal sealed class Findings(int most)
{
    private readonly List<VerifyFinding> _listed = [];

    public IReadOnlyList<VerifyFinding> Listed => _listed;

    public long Count { get; private set; }

    public void Add(string file, long line, string what)
    {
        Count++;
        if (_listed.Count < most)
        {
            _listed.Add(new VerifyFinding(file, line, what));
        }
    }
}
