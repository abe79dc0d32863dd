using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Documents;

/// <summary>What a node of a document is.</summary>
internal enum NodeKind
{
    /// <summary>Refused already by the reader; nobody needs to complain of it again.</summary>
    Invalid = 0,

    /// <summary>An explicit null, or a YAML key without a value.</summary>
    Null,

    /// <summary>A truth value.</summary>
    Boolean,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A plain YAML scalar that readers of YAML 1.1 and 1.2 take for different things: <c>no</c>, <c>012</c>, <c>.inf</c>.</summary>
    Ambiguous,

    /// <summary>A list.</summary>
    List,

    /// <summary>Keys with values.</summary>
    Object,
}

/// <summary>One value of a document, and where it stands. JSON and YAML read into the same tree.</summary>
internal sealed class DocumentNode
{
    // From so many fields on, a name is looked for in a set. Unit: fields.
    private const int ManyFields = 16;

    // INVARIANT: nothing is ever added to these.
    private static readonly List<DocumentNode> NoItems = [];
    private static readonly List<DocumentField> NoFields = [];

    private readonly DocumentNode? _parent;
    private readonly string? _name;
    private readonly int _index;
    private List<DocumentNode>? _items;
    private List<DocumentField>? _fields;

    /// <summary>The top of a document.</summary>
    public DocumentNode(int line, int column)
    {
        Line = line;
        Column = column;
    }

    private DocumentNode(DocumentNode parent, string? name, int index, int line, int column)
    {
        Line = line;
        Column = column;
        _parent = parent;
        _name = name;
        _index = index;
    }

    /// <summary>Line, from 1.</summary>
    public int Line { get; }

    /// <summary>Column, from 1, in UTF-16 code units.</summary>
    public int Column { get; }

    /// <summary>What it is.</summary>
    public NodeKind Kind { get; set; }

    /// <summary>A text, or a scalar as it was written. Empty for lists and objects.</summary>
    public string Text { get; set; } = "";

    /// <summary>The value of a number.</summary>
    public double Number { get; set; }

    /// <summary>The value of a truth value.</summary>
    public bool Boolean { get; set; }

    /// <summary>The items of a list, to be read only. The type is one that is walked without an allocation.</summary>
    public List<DocumentNode> Items => _items ?? NoItems;

    /// <summary>The fields of an object, in the order they were written, no name twice; to be read only.</summary>
    public List<DocumentField> Fields => _fields ?? NoFields;

    /// <summary>Where in the document: <c>rules[2].action</c>. Empty: the top. Made when it is asked for: few values are ever complained of.</summary>
    public string Path => _parent is null ? "" : Join(_parent.Path, _name is null ? $"[{_index}]" : Step(_name));

    /// <summary>The path of a field of this object, whether or not it is there.</summary>
    public string PathOf(string field) => Join(Path, Step(field));

    /// <summary>A value for a field of this object; not yet one of its fields.</summary>
    public DocumentNode NewField(string name, int line, int column) => new(this, name, 0, line, column);

    /// <summary>A further item for this list; not yet one of its items.</summary>
    public DocumentNode NewItem(int line, int column) => new(this, null, _items?.Count ?? 0, line, column);

    /// <summary>Makes a value the next item of this list.</summary>
    public void Add(DocumentNode item) => (_items ??= []).Add(item);

    /// <summary>Makes a value a field of this object. False: there is one of that name.</summary>
    /// <param name="field">The field.</param>
    /// <param name="names">The names of all fields, once there are many; null at first. Whoever reads the object keeps it meanwhile.</param>
    public bool TryAdd(DocumentField field, ref HashSet<string>? names)
    {
        _fields ??= [];
        if (names is null && _fields.Count >= ManyFields)
        {
            names = new(_fields.Select(known => known.Name), StringComparer.Ordinal);
        }

        if (names is null ? Find(field.Name) is not null : !names.Add(field.Name))
        {
            return false;
        }

        _fields.Add(field);
        return true;
    }

    /// <summary>The value of a field, or null.</summary>
    public DocumentNode? Find(string name)
    {
        foreach (var field in Fields)
        {
            if (field.Name == name)
            {
                return field.Value;
            }
        }

        return null;
    }

    /// <summary>How many values this one is made of, itself included.</summary>
    public int CountValues()
    {
        var count = 1;
        foreach (var item in Items)
        {
            count += item.CountValues();
        }

        foreach (var field in Fields)
        {
            count += field.Value.CountValues();
        }

        return count;
    }

    private static string Join(string path, string step) => path.Length == 0 || step.StartsWith('[') ? path + step : $"{path}.{step}";

    private static string Step(string name)
    {
        var plain = name.Length is > 0 and <= Quoted.MaxLength;
        foreach (var character in name.AsSpan(0, Math.Min(name.Length, Quoted.MaxLength)))
        {
            plain &= char.IsAsciiLetterOrDigit(character) || character is '_' or '-';
        }

        return plain ? name : $"[\"{Quoted.Bare(name)}\"]";
    }
}

/// <summary>One field of an object.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Line">Line of the name, from 1.</param>
/// <param name="Column">Column of the name, from 1, in UTF-16 code units.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct DocumentField(string Name, int Line, int Column, DocumentNode Value);
