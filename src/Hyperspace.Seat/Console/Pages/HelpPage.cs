namespace Hyperspace.Seat.Console;

/// <summary>All keys, on one page that scrolls.</summary>
internal sealed class HelpPage : ConsolePage
{
    private readonly TextView _text = new() { LabelWidth = 23, MaxWidth = 100 };

    public HelpPage(ConsoleApp app) : base(app) => _text.Set(Lines(app.Backend.CanSwitch, app.Quit is not null));

    public override string Title => "Help";

    public override void AddKeys(List<KeyHint> keys)
    {
        keys.Add(new("Esc", "back"));
        keys.Add(new("↑ ↓ PgUp PgDn", "scroll"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (IsBack(key))
        {
            App.Back();
        }
        else
        {
            _text.Key(key);
        }
    }

    public override void Draw(Canvas canvas) => _text.Draw(canvas.Part(1, 0, canvas.Columns - 1, canvas.Rows), Theme.Page);

    private static List<TextLine> Lines(bool canSwitch, bool canQuit)
    {
        var lines = new List<TextLine>();
        if (canSwitch)
        {
            AddSwitching(lines);
        }
        else
        {
            Heading(lines, "This console");
            Plain(lines, "It runs in a terminal without a seat: it manages the VMs, but has no screen to switch. hyperspace run gives you one.");
        }

        AddMachines(lines, canSwitch);
        AddElsewhere(lines, canQuit);
        return lines;
    }

    private static void AddSwitching(List<TextLine> lines)
    {
        Heading(lines, "Switching, from everywhere");
        Item(lines, "Ctrl+Alt+Esc", "Back to this console, always. No setting and no guest can take this key away.");
        Item(lines, "Right Ctrl twice, 1-9", "To the VM on that port.");
        Item(lines, "... then 0", "To this console.");
        Item(lines, "... then Tab, arrows", "To the next or the previous port that is in use.");
        Item(lines, "... then F", "Full screen and back, where the seat is in a window.");
        Item(lines, "... then C", "Copy: take the text that the VM's clipboard holds.");
        Item(lines, "... then V", "Paste: offer that text to this VM, where Ctrl+V then brings it.");
        Item(lines, "... then Esc", "Forget it.");
        Item(lines, "Volume keys", "Louder, softer, mute: they are this computer's, whichever VM has the focus.");
        Plain(lines, "Scroll Lock twice does what Right Ctrl twice does, unless seat.yaml says otherwise. In a terminal that cannot report a key alone, Ctrl+] twice begins, and Alt+Esc leads here.");
    }

    private static void AddMachines(List<TextLine> lines, bool canSwitch)
    {
        Heading(lines, "The list of VMs");
        Item(lines, "Up, Down, Home, End", "Select a VM. A digit selects the one on that port.");
        if (canSwitch)
        {
            Item(lines, "Enter", "Switch to it. One that is off is started first.");
        }

        Item(lines, canSwitch ? "Space, A, Right" : "Enter, Space, A", "A menu of all that can be done to it.");
        Item(lines, "S", "Start.");
        Item(lines, "T", "Stop: press its power button, and end it if it does not react before its deadline. Asks first.");
        Item(lines, "K", "Kill: end it at once, as if the plug were pulled. Asks first.");
        Item(lines, "R", "Reset: as with a PC's reset button. Asks first.");
        Item(lines, "P", "Pause it, or let it go on; wake it when it sleeps.");
        Item(lines, "L", "Its logs: serial console, QEMU, events.");
        Item(lines, "M", "Move it to another port: arrows or a digit choose, Enter confirms, Esc forgets. A VM that is there gets the old port.");
    }

    private static void AddElsewhere(List<TextLine> lines, bool canQuit)
    {
        Heading(lines, "Everywhere in the console");
        Item(lines, "H", "From the list: about this computer, and what is degraded and why.");
        Item(lines, "W", "From the list: batteries, charger, lid, brightness, temperature.");
        Item(lines, "V", "From the list: what is heard, and how loud. Plus and minus change it, M mutes all, Space mutes a VM.");
        Item(lines, "D", "From the list: this computer's monitors. A digit shows that port on the selected one, 0 lets it mirror the primary.");
        Item(lines, "F1, ?", "This page.");
        Item(lines, "Esc, Backspace", "Back.");
        if (canQuit)
        {
            Item(lines, "Q, F10", "Quit, from the list. VMs that run go on.");
        }

        Heading(lines, "In a log");
        Item(lines, "Tab, Left, Right", "The next or the previous log.");
        Item(lines, "Up, Down, PgUp, PgDn", "Scroll. Home goes to the beginning, End to the end, which is then followed.");
        Item(lines, "F5", "Read it again now. It is read again by itself, too.");
        Heading(lines, "In a question");
        Item(lines, "Y, N, Esc", "Yes; no; no.");
        Item(lines, "Arrows, Enter", "Choose, and answer. What is chosen at first is No.");
    }

    private static void Heading(List<TextLine> lines, string text)
    {
        if (lines.Count > 0)
        {
            lines.Add(TextLine.Empty);
        }

        lines.Add(new TextLine(text, Theme.Ink) { Heading = true });
    }

    private static void Item(List<TextLine> lines, string keys, string text) => lines.Add(new TextLine(text, Theme.Soft) { Label = keys });

    private static void Plain(List<TextLine> lines, string text) => lines.Add(new TextLine(text, Theme.Soft));
}
