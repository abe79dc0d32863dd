using ControlZero.Client.Routing;
using ControlZero.Client.Transport;

namespace ControlZero.Client.Tests.Routing;

/// <summary>Addresses that nobody connects to.</summary>
internal static class TestEndpoints
{
    public static Endpoint Create(string url, TimeProvider clock) =>
        new(Channels.Open(new Uri(url), null, TimeSpan.FromSeconds(1)), new Uri(url), new AuthenticatedCalls("key", TimeSpan.FromSeconds(1)), new Standing(clock, () => 0));

    /// <summary>`http://a:5050`, `http://b:5050` and so on.</summary>
    public static Endpoint[] Several(int count, TimeProvider clock) => [.. Enumerable.Range(0, count).Select(index => Create($"http://{(char)('a' + index)}:5050", clock))];
}
