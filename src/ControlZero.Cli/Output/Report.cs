using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace ControlZero.Cli.Output;

/// <summary>What a command says: data on stdout, as text or as one JSON document, and words on stderr.</summary>
/// <param name="host">Where it goes.</param>
/// <param name="isJson">Whether data is JSON.</param>
internal sealed class Report(CliHost host, bool isJson)
{
    /// <summary>Wide enough that a table which no terminal shows is never broken into lines.</summary>
    private const int EndlessWidth = 100_000;

    private static readonly JsonSerializerOptions JsonForm = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public bool IsJson => isJson;

    /// <summary>The one document.</summary>
    public void Json(object shape) => host.Out.WriteLine(JsonSerializer.Serialize(shape, JsonForm));

    /// <summary>A line of data.</summary>
    public void Line(string text) => host.Out.WriteLine(Printable.Line(text));

    /// <summary>Data as it is, byte for byte; a terminal is spared its control characters.</summary>
    public void Verbatim(string text) => host.Out.Write(host.OutIsTerminal ? Printable.Text(text) : text);

    /// <summary>Words for people, whatever the form of the data.</summary>
    public void Words(string text) => host.Error.WriteLine(Printable.Text(text));

    /// <summary>Data in columns.</summary>
    public void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table().NoBorder();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(Cell));
        }

        Write(table);
    }

    /// <summary>Facts about one thing, a line each. A fact without a value is left out.</summary>
    public void Facts(params (string Name, string? Value)[] facts)
    {
        var table = new Table().NoBorder().HideHeaders().AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        foreach (var (name, value) in facts.Where(fact => !string.IsNullOrEmpty(fact.Value)))
        {
            table.AddRow(Cell(name), Cell(value!));
        }

        Write(table);
    }

    private static Text Cell(string text) => new(Printable.Line(text), text switch
    {
        "allow" or "allowed" or "active" or "matched" => new Style(Color.Green),
        "deny" or "denied" or "error" => new Style(Color.Red),
        "warn" or "audit" or "warning" => new Style(Color.Yellow),
        _ => Style.Plain,
    });

    private void Write(Table table)
    {
        using var rendered = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(host.OutIsTerminal ? host.Out : rendered),
            Ansi = host.OutIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = host.OutIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (host.OutIsTerminal)
        {
            console.Write(table);
            return;
        }

        console.Profile.Width = EndlessWidth;
        console.Write(table);
        foreach (var line in rendered.ToString().AsSpan().TrimEnd('\n').EnumerateLines())
        {
            host.Out.WriteLine(line.TrimEnd(' '));
        }
    }
}
