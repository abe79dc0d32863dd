using Orleans.Core;

namespace ControlZero.Grains.Hosting;

/// <summary>How the grains of this project write.</summary>
internal static class PersistentStateExtensions
{
    /// <summary>
    /// Writes the state. When that fails the outcome is unknown, so the activation ends: the next one reads what is really there.
    /// No caller's cancellation reaches the write.
    /// </summary>
    public static async Task WriteOrDeactivateAsync<T>(this Grain grain, IStorage<T> state)
    {
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // The state object holds what may not have been written: nobody may read it again.
            ((IGrainBase)grain).DeactivateOnIdle();
            throw;
        }
    }
}
