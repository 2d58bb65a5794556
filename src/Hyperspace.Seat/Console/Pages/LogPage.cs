using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Console;

/// <summary>
/// What a VM has said: on its serial console, through QEMU, and what happened to it. All of it is written by others; <see cref="ConsoleText.Plain"/> makes it harmless
/// when it arrives.
/// </summary>
internal sealed class LogPage : ConsolePage
{
    private const int MaxLines = 1000;

    /// <summary>The length of the time that the events' lines begin with: <c>2030-01-31 12:34:56</c>.</summary>
    private const int TimeLength = 19;

    private readonly string _vm;
    private readonly Tab[] _tabs;
    private int _tab;

    public LogPage(ConsoleApp app, VmStatus vm) : base(app)
    {
        _vm = vm.Name;
        Title = $"Logs of {vm.Label}";
        _tabs = [new("serial", "Serial console"), new("qemu", "QEMU"), new("events", "Events")];
        Request();
    }

    public override string Title { get; }

    private Tab Shown => _tabs[_tab];

    /// <summary>One of the logs, with its own place.</summary>
    private sealed class Tab(string log, string title)
    {
        public string Log { get; } = log;
        public string Title { get; } = title;
        public TextView View { get; } = new() { Following = true };
        public string? Error { get; set; }
        public bool Loaded { get; set; }
        public bool Pending { get; set; }

        /// <summary>Counts the requests: only the last one's answer counts.</summary>
        public int Asked { get; set; }
    }

    public override void DataChanged()
    {
        // While a guest has the seat's screen nobody reads this.
        bool hidden = App.Backend.CanSwitch && App.Backend.Snapshot?.Seat is { Port: not 0 };
        if (!hidden && !Shown.Pending)
        {
            Request();
        }
    }

    public override void AddKeys(List<KeyHint> keys)
    {
        keys.Add(new("Esc", "back"));
        keys.Add(new("Tab", "next log"));
        keys.Add(new("↑ ↓ PgUp PgDn", "scroll"));
        keys.Add(new("End", "follow"));
        keys.Add(new("F5", "refresh"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        bool back = key.Name == ConsoleKeyName.Left || (key.Name == ConsoleKeyName.Tab && (key.Modifiers & Input.KeyModifiers.Shift) != 0);
        if (IsBack(key))
        {
            App.Back();
        }
        else if (back || key.Name is ConsoleKeyName.Tab or ConsoleKeyName.Right)
        {
            _tab = (_tab + (back ? _tabs.Length - 1 : 1)) % _tabs.Length;
            Request();
        }
        else if (key.Name == ConsoleKeyName.F5)
        {
            Request();
        }
        else
        {
            Shown.View.Key(key);
        }
    }

    /// <summary>Asks for the log that is shown. An answer that comes after another request, or never, does no harm.</summary>
    private void Request()
    {
        Tab tab = Shown;
        int asked = ++tab.Asked;
        tab.Pending = true;
        App.Backend.Log(_vm, tab.Log, MaxLines, (lines, error) => App.Change(() =>
        {
            if (tab.Asked == asked)
            {
                tab.Pending = false;
                Take(tab, lines, error);
            }
        }));
    }

    private static void Take(Tab tab, IReadOnlyList<string>? untrustedLines, string? error)
    {
        tab.Error = untrustedLines is null ? error ?? "The daemon has no such log." : null;
        if (untrustedLines is null)
        {
            return;
        }

        var lines = new List<TextLine>(Math.Min(untrustedLines.Count, MaxLines));
        for (int i = Math.Max(0, untrustedLines.Count - MaxLines); i < untrustedLines.Count; i++)
        {
            string text = ConsoleText.Plain(untrustedLines[i]);
            lines.Add(new TextLine(text, Theme.Soft) { Quiet = tab.Log == "events" ? TimeLength : 0 });
        }

        tab.Loaded = true;
        tab.View.Set(lines, Gone(tab.View.Lines, lines));
    }

    /// <summary>How many of the old lines have left the window: the log's end is all that is sent.</summary>
    private static int Gone(IReadOnlyList<TextLine> old, List<TextLine> lines)
    {
        for (int gone = 0; gone < old.Count && lines.Count > 0; gone++)
        {
            int same = 0;
            while (same < 8 && gone + same < old.Count && same < lines.Count && old[gone + same].Text == lines[same].Text)
            {
                same++;
            }

            if (same == 8 || gone + same == old.Count || same == lines.Count)
            {
                return gone;
            }
        }

        return 0;
    }

    public override void Draw(Canvas canvas)
    {
        DrawBody(canvas.Part(1, 2, canvas.Columns - 1, canvas.Rows - 2));
        DrawTabs(canvas);
    }

    private void DrawBody(Canvas body)
    {
        Style quiet = Theme.Page.With(Theme.Dim);
        if (Shown.Error is { } error)
        {
            body.Wrap(0, 0, body.Columns - 1, body.Rows, error, Theme.Page.With(Theme.Bad));
        }
        else if (!Shown.Loaded)
        {
            body.Write(0, 0, "The daemon is asked for it ...", quiet);
        }
        else if (Shown.View.Lines.Count == 0)
        {
            body.Write(0, 0, "Nothing has been written here.", quiet);
        }
        else
        {
            Shown.View.Draw(body, Theme.Page);
        }
    }

    private void DrawTabs(Canvas canvas)
    {
        int column = 1;
        for (int i = 0; i < _tabs.Length; i++)
        {
            bool on = i == _tab;
            Style style = on ? new Style(Theme.Ink, Theme.Selection, Bold: true) : Theme.Page.With(Theme.Dim);
            column = canvas.Write(column, 0, on ? "▸" : " ", style.With(Theme.Accent));
            column = canvas.Write(column, 0, _tabs[i].Title, style);
            column = canvas.Write(column, 0, " ", style) + 1;
        }

        TextView view = Shown.View;
        if (Shown is { Error: null, Loaded: true } && view.Count > 0)
        {
            Span<char> buffer = stackalloc char[48];
            int n = 0;
            _ = view.Following ? buffer.TryWrite($"following the end", out n) : buffer.TryWrite($"row {view.Top + 1} of {view.Count}", out n);
            if (canvas.Columns - n - 1 > column)
            {
                canvas.FitRight(column, 0, canvas.Columns - column - 1, buffer[..n], Theme.Page.With(view.Following ? Theme.Good : Theme.Dim));
            }
        }
    }
}
