namespace ControlZero.Audit.Format.Verification;

internal sealed class Findings(int most)
{
    private readonly List<VerifyFinding> _listed = [];

    public IReadOnlyList<VerifyFinding> Listed => _listed;

    public long Count { get; private set; }

    public void Add(string file, long line, string code, string what, long sequence = 0)
    {
        Count++;
        if (_listed.Count < most)
        {
            _listed.Add(new VerifyFinding(file, line, what) { Code = code, Sequence = sequence });
        }
    }
}
