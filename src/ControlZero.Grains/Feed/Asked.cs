namespace ControlZero.Grains.Feed;

/// <summary>When something was asked, and how old this process's knowledge was then. What it learns afterwards makes neither younger.</summary>
/// <param name="At">When.</param>
/// <param name="Age">See <see cref="SiloFreshness.Age"/>.</param>
public readonly record struct Asked(Moment At, TimeSpan Age);
