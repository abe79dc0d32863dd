using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>What <c>config</c> shows: a line for each setting, with its value and where that comes from.</summary>
internal static class ConfigReport
{
    public static async Task<int> ShowAsync(ServerSettings settings)
    {
        var path = settings.Effective.Max(setting => setting.Path.Length);
        var value = settings.Effective.Max(setting => setting.Value.Length);
        foreach (var setting in settings.Effective)
        {
            await Console.Out.WriteLineAsync($"{setting.Path.PadRight(path)}  {setting.Value.PadRight(value)}  {setting.Origin}");
        }

        return 0;
    }
}
