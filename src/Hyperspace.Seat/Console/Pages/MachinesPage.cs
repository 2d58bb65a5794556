using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>The start page: all VMs, and what can be done to the one that is selected.</summary>
internal sealed class MachinesPage(ConsoleApp app) : ConsolePage(app)
{
    private string? _selected;
    private int _index;
    private int _top;
    private int _listRows = 1;
    private MoveMode? _move;
    private string _title = "Hyperspace";
    private string? _host;

    public override string Title
    {
        get
        {
            if (App.Backend.Snapshot?.Host.HostName is { } host && host != _host)
            {
                (_host, _title) = (host, $"Hyperspace on {host}");
            }

            return _title;
        }
    }

    private IReadOnlyList<VmStatus> Known => App.Backend.Snapshot?.Vms ?? [];

    private IReadOnlyList<VmStatus> Shown => _move?.Vms ?? Known;

    /// <summary>The VM under the bar; null when there is none.</summary>
    private VmStatus? Selected
    {
        get
        {
            Settle();
            return _index < Shown.Count ? Shown[_index] : null;
        }
    }

    public override void DataChanged()
    {
        if (_move is null)
        {
            return;
        }

        if (App.Find(_move.Vm) is null)
        {
            _move = null;
            App.Note = "The VM that was being moved is gone.";
        }
        else
        {
            _move.Preview(Known);
        }
    }

    public override void AddKeys(List<KeyHint> keys)
    {
        if (_move is not null)
        {
            keys.Add(new("↑ ↓ 1-9", "choose the port"));
            keys.Add(new("0", "no port"));
            keys.Add(new("Enter", "confirm"));
            keys.Add(new("Esc", "forget it"));
            return;
        }

        VmStatus? vm = Selected;
        AddKey(keys, App.Backend.CanSwitch ? Deed.Switch : null, vm);
        AddKey(keys, Deed.Start, vm);
        AddKey(keys, Deed.Stop, vm);
        AddKey(keys, Deed.Kill, vm);
        AddKey(keys, Deed.Reset, vm);
        AddKey(keys, vm is { State: VmState.Paused or VmState.Sleeping } ? Deed.Resume : Deed.Pause, vm);
        keys.Add(new("Space", "menu"));
        AddKey(keys, Deed.Log, vm);
        AddKey(keys, Deed.Move, vm);
        AddKey(keys, Deed.Sound, vm);
        AddKey(keys, Deed.Host, vm);
        AddKey(keys, Deed.Power, vm);
        AddKey(keys, App.Backend.HasMonitors ? Deed.Monitors : null, vm);
        AddKey(keys, Deed.Help, vm);
        AddKey(keys, App.Quit is null ? null : Deed.Quit, vm);
    }

    private void AddKey(List<KeyHint> keys, Deed? deed, VmStatus? vm)
    {
        if (deed is { } known)
        {
            keys.Add(new(Deeds.KeyOf(known), Deeds.LabelOf(known), App.ObstacleTo(known, vm) is null));
        }
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (_move is not null)
        {
            KeyInMove(_move, key);
        }
        else if (IsMenu(key) || (key.Name == ConsoleKeyName.Enter && !App.Backend.CanSwitch))
        {
            OpenMenu();
        }
        else if (key.Name == ConsoleKeyName.Enter)
        {
            Do(Deed.Switch);
        }
        else if (Deeds.OfKey(key, Selected) is { } deed)
        {
            Do(deed);
        }
        else
        {
            Select(key);
        }
    }

    private static bool IsMenu(ConsoleKeyPress key) =>
        key.Name == ConsoleKeyName.Right || (key.Name == ConsoleKeyName.Character && key.Character is ' ' or 'a' or 'A');

    private void Select(ConsoleKeyPress key)
    {
        Settle();
        int page = Math.Max(1, _listRows - 1);
        int index = key.Name switch
        {
            ConsoleKeyName.Up => _index - 1,
            ConsoleKeyName.Down => _index + 1,
            ConsoleKeyName.PageUp => _index - page,
            ConsoleKeyName.PageDown => _index + page,
            ConsoleKeyName.Home => 0,
            ConsoleKeyName.End => Shown.Count - 1,
            ConsoleKeyName.Character when char.IsAsciiDigit(key.Character) => IndexOfPort(key.Character - '0'),
            _ => _index,
        };
        SelectAt(index);
    }

    private int IndexOfPort(int port)
    {
        for (int i = 0; i < Shown.Count; i++)
        {
            if (Shown[i].Port == port)
            {
                return i;
            }
        }

        return _index;
    }

    private void SelectAt(int index)
    {
        _index = Math.Clamp(index, 0, Math.Max(0, Shown.Count - 1));
        _selected = _index < Shown.Count ? Shown[_index].Name : null;
    }

    /// <summary>The bar stays on its VM when the list changes, and in its place when the VM is gone.</summary>
    private void Settle()
    {
        IReadOnlyList<VmStatus> vms = Shown;
        if (_index < vms.Count && vms[_index].Name == _selected)
        {
            return;
        }

        for (int i = 0; i < vms.Count; i++)
        {
            if (vms[i].Name == _selected)
            {
                _index = i;
                return;
            }
        }

        SelectAt(_index);
    }

    private void OpenMenu()
    {
        string? name = Selected?.Name;
        App.Show(new MenuDialog(
            () => name is null ? null : App.Find(name), App.Quit is not null, deed => App.ObstacleTo(deed, name is null ? null : App.Find(name)), Do));
    }

    private void Do(Deed deed)
    {
        VmStatus? vm = Selected;
        if (App.ObstacleTo(deed, vm) is { } obstacle)
        {
            Refuse(deed, vm, obstacle.ToString());
            return;
        }

        switch (deed)
        {
            case Deed.Switch:
                App.Enter(vm!);
                break;
            case Deed.Log:
                App.Open(new LogPage(App, vm!));
                break;
            case Deed.Move:
                _move = new MoveMode(vm!, Known);
                break;
            case Deed.Sound:
                App.Open(new SoundPage(App));
                break;
            case Deed.Host:
                App.Open(new HostPage(App));
                break;
            case Deed.Power:
                App.Open(new PowerPage(App));
                break;
            case Deed.Monitors:
                App.Open(new MonitorsPage(App));
                break;
            case Deed.Help:
                App.Open(new HelpPage(App));
                break;
            case Deed.Quit:
                App.Quit?.Invoke();
                break;
            default:
                App.Do(deed, vm!);
                break;
        }
    }

    /// <summary>What is wrong with a definition is too long for a line, and people have to read all of it.</summary>
    private void Refuse(Deed deed, VmStatus? vm, string reason)
    {
        if (vm is { State: VmState.Invalid, Reason: { } errors } && deed is Deed.Start or Deed.Switch)
        {
            App.ShowMessage($"{vm.Label} cannot be used", errors);
        }
        else
        {
            App.Note = reason;
        }
    }

    private void KeyInMove(MoveMode move, ConsoleKeyPress key)
    {
        if (key.Name == ConsoleKeyName.Enter)
        {
            _move = null;
            if (App.Find(move.Vm) is { } vm && vm.Port != move.Target)
            {
                App.Move(vm, move.Target);
            }
        }
        else if (IsBack(key))
        {
            _move = null;
        }
        else
        {
            move.Key(key, Known);
        }
    }

    public override void Draw(Canvas canvas)
    {
        if (Shown.Count == 0)
        {
            DrawNothing(canvas);
            return;
        }

        VmStatus? vm = Selected;
        int heads = canvas.Rows < 4 ? 0 : 1;
        int details = DetailRows(canvas.Rows - heads);
        _listRows = Math.Max(1, canvas.Rows - heads - details);
        MachineColumns columns = MachineColumns.For(canvas.Columns);
        if (heads > 0)
        {
            MachineTable.DrawHeads(canvas, columns);
        }

        Canvas list = canvas.Part(0, heads, canvas.Columns, _listRows);
        _top = Math.Clamp(_top, Math.Max(0, _index - _listRows + 1), Math.Max(0, Math.Min(_index, Shown.Count - _listRows)));
        DateTimeOffset now = App.Clock.GetUtcNow();
        for (int i = 0; i < _listRows && _top + i < Shown.Count; i++)
        {
            MachineTable.DrawRow(list, i, columns, Shown[_top + i], _top + i == _index, _move is not null, now);
        }

        list.ScrollBar(_top, _listRows, Shown.Count, Theme.Page);
        if (vm is not null)
        {
            MachineDetails.Draw(canvas.Part(1, canvas.Rows - details, canvas.Columns - 2, details), vm, _move, App.Backend.CanSwitch);
        }
    }

    /// <summary>Rows below the list: what it leaves, within reason. They do not depend on the selection, so that nothing jumps.</summary>
    private int DetailRows(int rows) => rows < 6 ? 0 : rows < 11 ? 2 : Math.Clamp(rows - Shown.Count - 1, 4, 8);

    private void DrawNothing(Canvas canvas)
    {
        Style quiet = Theme.Page.With(Theme.Dim);
        int row = Math.Max(0, canvas.Rows / 2 - 4);
        if (App.Backend.Snapshot is null)
        {
            canvas.Center(row, App.Backend.Problem ?? "The daemon is there; its first word is awaited.", Theme.Page.Strong);
            canvas.Center(row + 2, "hyperspace daemon starts it. The VMs appear here by themselves,", quiet);
            canvas.Center(row + 3, "as soon as it answers. VMs that run already go on meanwhile.", quiet);
            return;
        }

        canvas.Center(row, "There are no VMs yet.", Theme.Page.Strong);
        canvas.Center(row + 2, "In a shell on this computer, this creates one:", quiet);
        canvas.Center(row + 4, "hyperspace vm create NAME --memory 2GiB --disk 20GiB --iso FILE", Theme.Page.With(Theme.Accent));
        canvas.Center(row + 6, "and this takes over one that you have, as a disk image or from libvirt:", quiet);
        canvas.Center(row + 8, "hyperspace vm import FILE", Theme.Page.With(Theme.Accent));
    }
}
