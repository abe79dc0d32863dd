namespace ControlZero.Server.Authentication;

/// <summary>What a key must hold for the method, all of it where there are several. Every method states one of the three; one without does not start.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class RequiresScopeAttribute(string scope) : Attribute
{
    /// <summary>The scope.</summary>
    public string Scope => scope;
}

/// <summary>The method takes any valid key.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
internal sealed class AnyKeyAttribute : Attribute;

/// <summary>
/// The method serves on a server that cannot confirm what is in force, keys included: what it answers there says so and allows nothing.
/// Others are UNAVAILABLE there.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ServesStaleAttribute : Attribute;

/// <summary>The method needs no key.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
internal sealed class NoKeyAttribute : Attribute;
