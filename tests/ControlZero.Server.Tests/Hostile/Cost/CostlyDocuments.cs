using System.Text;

namespace ControlZero.Server.Tests.Hostile.Cost;

/// <summary>
/// Makes documents that fill a limit, bytes or values, with as many copies of one rule as fit, and the rule as odd as its seed has it: which
/// fields it has, how many patterns in what style, which conditions, how it is written, what is wrong with it.
/// </summary>
internal sealed class CostlyDocuments(Random random)
{
    // The document, its name and its list of rules; and a rule at the end of JSON.
    private const int FixedValues = 8;

    private static readonly string[] Effects = ["allow", "deny"];
    private static readonly int[] Counts = [1, 1, 2, 5, 8, 16, 30, 64];
    private static readonly int[] Lengths = [0, 0, 0, 3, 20, 100, 240];

    private int _number;

    /// <summary>The next one. A good part of them is refused, which costs too.</summary>
    public string Next()
    {
        _number = 0;
        var rule = RuleShape();
        var (head, tail) = random.Next(3) switch
        {
            0 => ("{\"name\":\"p\",\"rules\":[", "{\"allow\":\"*\"}]}"),
            1 => ("name: p\nrules:\n", ""),
            _ => ("name: p\nrules: [", "{allow: '*'}]"),
        };
        var (before, behind) = head.EndsWith('\n') ? ("- ", "\n") : ("", ",");
        var text = new StringBuilder(head);
        var (bytes, values) = (Encoding.UTF8.GetByteCount(head + tail), FixedValues);
        for (var rules = 1; rules < Engine.Limits.PolicyMaxRules; rules++)
        {
            var (written, has) = rule();
            written = before + written + behind;
            bytes += Encoding.UTF8.GetByteCount(written);
            values += has;
            if (bytes > Engine.Limits.PolicyMaxBytes || values > Engine.Limits.PolicyMaxValues)
            {
                break;
            }

            text.Append(written);
        }

        return text.Append(tail).ToString();
    }

    // Everything is quoted, so that a rule reads the same in both languages.
    private Func<(string Text, int Values)> RuleShape()
    {
        var fields = new List<Func<(string Text, int Values)>> { Named(One(Effects), Patterns("a")) };
        if (random.Next(2) == 0)
        {
            fields.Add(Named("resource", Patterns(random.Next(3) == 0 ? "model/" : "r")));
        }

        if (random.Next(2) == 0)
        {
            fields.Add(Named("when", Conditions()));
        }

        foreach (var name in new[] { "id", "name", "reason", "reason_code", "wrong" })
        {
            if (random.Next(5) == 0)
            {
                fields.Add(Named(name, Text(name == "reason_code" ? "R" : "t")));
            }
        }

        if (random.Next(6) == 0)
        {
            var languages = One(Counts);
            fields.Add(Named("reason_localized", Many(languages, i => Named($"aa-{i:00}", Text("r")), '{', '}')));
        }

        if (random.Next(6) == 0)
        {
            var (obligations, parameters) = (One(Counts), One(Counts));
            fields.Add(Named("obligations", Many(obligations, _ => Many(2, i => i == 0
                ? Named("name", Text("o"))
                : Named("parameters", Many(parameters, k => Named($"k{k}", Text("v")), '{', '}')), '{', '}'), '[', ']')));
        }

        return Many(fields.Count, i => fields[i], '{', '}');
    }

    private Func<(string Text, int Values)> Conditions()
    {
        var (count, padding, kind) = (One(Counts), One(Lengths), random.Next(11));
        var key = One(["k", "k.a", $"a{string.Concat(Enumerable.Repeat(".b", padding))}.k", "agent.labels.k", new string('k', padding + 1)]);
        Func<(string, int)> Operator(string name, Func<(string, int)> operand) => Many(1, _ => Named(name, operand), '{', '}');
        var condition = kind switch
        {
            0 => Patterns("v"),
            1 => Text("v"),
            2 => Operator("cidr", Value("\"10.0.0.0/8\"")),
            3 => Operator("cidr", Value("\"2001:db8::/32\"")),
            4 => Operator("in", Many(One(Counts), _ => Value("1.5"), '[', ']')),
            5 => Operator("not_in", Many(One(Counts), _ => Text("v"), '[', ']')),
            6 => Operator("between", Many(2, i => Value($"{i}"), '[', ']')),
            7 => Many(4, i => Named(new[] { "gt", "lt", "gte", "lte" }[i], Value("1e-300")), '{', '}'),
            8 => Operator("exists", Value("true")),
            9 => Operator("not", Patterns("v")),
            _ => Operator("nonsense", Value("1")),
        };
        return random.Next(10) == 0
            ? Many(1, _ => Named("request.time", Operator("between", Many(2, i => i == 0
                ? Named("from", Value("\"02:15\""))
                : Named("to", Value("\"02:45\"")), '{', '}'))), '{', '}')
            : Many(count, i => Named($"{key}{i}", condition), '{', '}');
    }

    private Func<(string Text, int Values)> Patterns(string stem)
    {
        var (count, padding, style, hasDot) = (One(Counts), One(Lengths), random.Next(10), random.Next(2) == 0);
        var fill = One(["x", "\u00e9", "x.", "x:", "[ac]", "[!a]", "[:c]", "?", "*x"]);
        var padded = string.Concat(Enumerable.Repeat(fill, padding / fill.Length));
        var pattern = Value(() => "\"" + Style(style, stem, hasDot ? $".{_number++}" : $"{_number++}", padded) + "\"");
        return count == 1 ? pattern : Many(count, _ => pattern, '[', ']');
    }

    private static string Style(int style, string stem, string number, string padded) => style switch
    {
        0 => $"{stem}{number}{padded}",
        1 => $"{stem}{number}{padded}*",
        2 => $"*{number}{padded}*",
        3 => $"{stem}{number}*{padded}x",
        4 => $"*{number}[ac]{padded}",
        5 => $"[ab]{number}{padded}*",
        6 => $"?{number}?{padded}*",
        7 => $"*{padded}",
        8 => $"[b{number}{padded}",
        _ => $"{stem}{padded}",
    };

    private Func<(string Text, int Values)> Text(string stem)
    {
        var padded = string.Concat(Enumerable.Repeat(One(["x", "\u00e9", "\\u00e9", "`"]), One(Lengths)));
        return Value(() => $"\"{stem}{_number++}{padded}\"");
    }

    private static Func<(string Text, int Values)> Value(string text) => () => (text, 1);

    private static Func<(string Text, int Values)> Value(Func<string> text) => () => (text(), 1);

    private static Func<(string Text, int Values)> Named(string name, Func<(string Text, int Values)> value) => () =>
    {
        var (text, values) = value();
        return ($"\"{name}\": {text}", values);
    };

    private static Func<(string Text, int Values)> Many(int count, Func<int, Func<(string Text, int Values)>> item, char open, char close)
    {
        var items = Enumerable.Range(0, count).Select(item).ToList();
        return () =>
        {
            var written = items.ConvertAll(one => one());
            return ($"{open}{string.Join(',', written.Select(one => one.Text))}{close}", 1 + written.Sum(one => one.Values));
        };
    }

    private T One<T>(T[] choices) => choices[random.Next(choices.Length)];
}
