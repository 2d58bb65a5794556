using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>What is heard: the device, how loud it is, and of each VM whether it plays and how much of it is heard.</summary>
internal sealed class SoundPage : ConsolePage
{
    private int _index;

    public SoundPage(ConsoleApp app) : base(app) { }

    public override string Title => "Sound";

    private SoundStatus? Sound => App.Backend.Sound;

    public override void AddKeys(List<KeyHint> keys)
    {
        bool here = App.Backend.CanSwitch && Sound is not null;
        keys.Add(new("Esc", "back"));
        keys.Add(new("+ -", "louder, softer", here));
        keys.Add(new("M", Sound is { Muted: true } ? "unmute all" : "mute all", here));
        keys.Add(new("↑ ↓", "select a VM", Sound is { Vms.Count: > 1 }));
        keys.Add(new("Space", "mute the VM, or not", here && Selected is { Heard: not "off" }));
        keys.Add(new("F1", "help"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (IsBack(key))
        {
            App.Back();
            return;
        }

        switch (key.Name)
        {
            case ConsoleKeyName.Up:
                _index = Math.Max(0, _index - 1);
                break;
            case ConsoleKeyName.Down:
                _index = Math.Min(Math.Max(0, (Sound?.Vms.Count ?? 0) - 1), _index + 1);
                break;
            case ConsoleKeyName.Right:
                Do("up", null);
                break;
            case ConsoleKeyName.Left:
                Do("down", null);
                break;
            case ConsoleKeyName.Character:
                Character(char.ToLowerInvariant(key.Character));
                break;
        }
    }

    private VmSound? Selected => Sound is { Vms.Count: > 0 } sound ? sound.Vms[Math.Min(_index, sound.Vms.Count - 1)] : null;

    private void Character(char character)
    {
        switch (character)
        {
            case '+' or '=':
                Do("up", null);
                break;
            case '-':
                Do("down", null);
                break;
            case 'm':
                Do(Sound is { Muted: true } ? "unmute" : "mute", null);
                break;
            case ' ' when Selected is { } vm:
                Do(vm.MutedHere ? "unmute" : "mute", vm.Vm);
                break;
        }
    }

    private void Do(string what, string? vm) => App.Note = App.Backend.SetSound(what, vm);

    public override void Draw(Canvas canvas)
    {
        Style quiet = Theme.Page.With(Theme.Soft);
        if (Sound is not { } sound)
        {
            canvas.Wrap(1, 0, canvas.Columns - 2, canvas.Rows, App.Backend.Problem ?? "No seat plays sound now.", quiet);
            return;
        }

        int column = canvas.Write(1, 0, "Device     ", Theme.Page.With(Theme.Dim));
        canvas.Fit(column, 0, canvas.Columns - column - 1, sound.Problem is null ? sound.Device : $"{sound.Device}; no sound: {sound.Problem}", Theme.Page.With(sound.Problem is null ? Theme.Soft : Theme.Warning));
        column = canvas.Write(1, 1, "Volume     ", Theme.Page.With(Theme.Dim));
        const int width = 20;
        int filled = sound.Volume * width / 100;
        Style bar = Theme.Page.With(sound.Muted ? Theme.Faint : Theme.Good);
        canvas.Repeat(column, 1, filled, '█', bar);
        canvas.Repeat(column + filled, 1, width - filled, '░', bar);
        canvas.Write(column + width + 2, 1, sound.Muted ? $"{sound.Volume} %, muted" : $"{sound.Volume} %", quiet);
        for (int i = 0; i < sound.Vms.Count && 3 + i < canvas.Rows; i++)
        {
            DrawVm(canvas, 3 + i, sound.Vms[i], ReferenceEquals(sound.Vms[i], Selected) || i == Math.Min(_index, sound.Vms.Count - 1));
        }
    }

    private static void DrawVm(Canvas canvas, int row, VmSound vm, bool selected)
    {
        canvas.Write(1, row, selected ? "▸" : " ", Theme.Page.With(Theme.Accent).Strong);
        canvas.Fit(3, row, 24, vm.Label, selected ? Theme.Page.Strong : Theme.Page);
        canvas.Fit(29, row, 10, vm.Heard == "off" ? "" : vm.Playing ? "♪ playing" : "silent", Theme.Page.With(vm.Playing ? Theme.Good : Theme.Dim));
        string heard = vm.Heard switch
        {
            "off" => "has no sound",
            "muted" when vm.MutedHere => "muted here",
            var other => other,
        };
        canvas.Fit(40, row, canvas.Columns - 41, vm.Problem is null ? heard : $"{heard}; {vm.Problem}", Theme.Page.With(vm.Problem is null ? Theme.Soft : Theme.Warning));
    }
}
