namespace ControlZero.Storage.Postgres;

/// <summary>What identifies a record to Orleans' ADO.NET storage, so that no two states of any two grains share one.</summary>
/// <param name="Type">The grain's type and the state's name: the storage knows the type by this string alone.</param>
/// <param name="Id">The grain's key, in a spelling that the storage takes as it is.</param>
internal readonly record struct RecordKey(string Type, GrainId Id)
{
    private static readonly GrainType AnyType = GrainType.Create("record");

    /// <summary>The key of one state of one grain.</summary>
    public static RecordKey Of(string stateName, GrainId grainId) =>

        // The slash, which is no hexadecimal digit, keeps the storage from reading the key as a number or a GUID: `a`, `A` and `0a` are one then.
        new(TypeOf(stateName, grainId.Type.ToString()!), GrainId.Create(AnyType, IdSpan.Create(Spell(grainId.Key.ToString()!))));

    /// <summary>What stands for one state of all grains of a type.</summary>
    public static string TypeOf(string stateName, string grainType) => $"{Escape(grainType)}/{Escape(stateName)}";

    /// <summary>A grain's key as it is stored. The order of keys is that of their spellings.</summary>
    public static string Spell(string grainKey) => $"/{grainKey}";

    /// <summary>The grain's key of a spelling.</summary>
    public static string Read(string spelling) => spelling[1..];

    // The storage cuts names at a backtick, as of a generic class; the slash is ours.
    private static string Escape(string name) =>
        name.AsSpan().ContainsAny("%/`")
            ? name.Replace("%", "%25", StringComparison.Ordinal)
                .Replace("/", "%2F", StringComparison.Ordinal)
                .Replace("`", "%60", StringComparison.Ordinal)
            : name;
}
