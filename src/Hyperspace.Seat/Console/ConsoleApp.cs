using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;

namespace Hyperspace.Seat.Console;

/// <summary>
/// The management console: what port 0 shows, and what <c>hyperspace console</c> shows in a terminal. One thread, its caller's. It holds the pages and the dialogs on top of them;
/// what is asked of the daemon goes through <see cref="Await"/>, and nothing here waits for an answer.
/// </summary>
public sealed class ConsoleApp
{
    private readonly List<ConsolePage> _pages = [];
    private readonly List<ConsoleDialog> _dialogs = [];
    private readonly Queue<ConsoleDialog> _messages = new();
    private readonly List<RunningDeed> _running = [];
    private readonly ConsoleFrame _frame;
    private string? _switchWhenStarted;
    private int _changing;

    public ConsoleApp(IConsoleBackend backend, TimeProvider clock)
    {
        (Backend, Clock) = (backend, clock);
        _frame = new ConsoleFrame(this);
        _pages.Add(new MachinesPage(this));
    }

    /// <summary>Something is to be drawn anew.</summary>
    public Action? Changed { get; set; }

    /// <summary>Leaves the console; null where there is nothing to leave it for, and then it is not offered.</summary>
    public Action? Quit { get; set; }

    internal IConsoleBackend Backend { get; }

    internal TimeProvider Clock { get; }

    internal ConsolePage Page => _pages[^1];

    internal ConsoleDialog? Dialog => _dialogs.Count > 0 ? _dialogs[^1] : null;

    /// <summary>A sentence for the user, until the next key.</summary>
    internal string? Note { get; set; }

    /// <summary>What the daemon has been asked for, oldest first.</summary>
    internal List<RunningDeed> Running => _running;

    /// <summary>The backend's data is new.</summary>
    public void DataChanged() => Change(() =>
    {
        foreach (ConsolePage page in _pages)
        {
            page.DataChanged();
        }
    });

    /// <summary>A key was pressed or repeats.</summary>
    public void Key(ConsoleKeyPress key)
    {
        if (key.Name == ConsoleKeyName.Character && (key.Modifiers & (KeyModifiers.Ctrl | KeyModifiers.Alt | KeyModifiers.Meta)) != 0)
        {
            return;
        }

        Change(() =>
        {
            Note = null;
            if (key.Name != ConsoleKeyName.Enter)
            {
                // Who goes on typing here does not want to be taken elsewhere in the middle of it.
                _switchWhenStarted = null;
            }

            if (Dialog is { } dialog)
            {
                dialog.Key(key);
            }
            else if (Deeds.OfKey(key, null) == Deed.Help && Page is not HelpPage)
            {
                Open(new HelpPage(this));
            }
            else
            {
                Page.Key(key);
            }
        });
    }

    /// <summary>Draws the whole page: 80x24 cells and up; smaller grids get what fits.</summary>
    public void Draw(CellGrid grid) => _frame.Draw(grid);

    internal void Open(ConsolePage page) => _pages.Add(page);

    internal void Back()
    {
        if (_pages.Count > 1)
        {
            _pages.RemoveAt(_pages.Count - 1);
        }
    }

    internal void Show(ConsoleDialog dialog) => _dialogs.Add(dialog);

    /// <summary>Shows a message as soon as no other dialog is open: one must not take the keys that are meant for another.</summary>
    internal void ShowMessage(string title, string text) => _messages.Enqueue(new MessageDialog(title, text));

    internal VmStatus? Find(string name)
    {
        foreach (VmStatus vm in Backend.Snapshot?.Vms ?? [])
        {
            if (vm.Name == name)
            {
                return vm;
            }
        }

        return null;
    }

    /// <summary>What stands in the way of a deed now; null when nothing does.</summary>
    internal Obstacle? ObstacleTo(Deed deed, VmStatus? vm) => Deeds.ObstacleTo(deed, vm, Backend, _running);

    /// <summary>Does what has been found possible; what cannot be undone is asked about first.</summary>
    /// <param name="deed">One that the daemon does, other than a move.</param>
    internal void Do(Deed deed, VmStatus vm)
    {
        if (Deeds.Consequence(deed) is { } consequence)
        {
            Show(new ConfirmDialog($"{deed} {vm.Label}?", consequence, Deeds.LabelOf(deed), () => Confirmed(deed, vm)));
        }
        else
        {
            Ask(deed, vm);
        }
    }

    /// <summary>The question may have been open for long: what was asked about must still be what it is done to.</summary>
    private void Confirmed(Deed deed, VmStatus asked)
    {
        VmStatus? now = Find(asked.Name);
        string? whyNot = now is null ? $"{asked.Label} is gone."
            : now.Generation != asked.Generation ? $"{asked.Label} has been started again since you were asked; nothing was done."
            : ObstacleTo(deed, now)?.ToString();
        if (whyNot is null)
        {
            Ask(deed, now!);
        }
        else
        {
            Note = whyNot;
        }
    }

    /// <summary>Switches to a VM; one that is off is started first, and switched to when it runs, unless the user does something else meanwhile.</summary>
    internal void Enter(VmStatus vm)
    {
        if (vm.State is not (VmState.Off or VmState.Crashed))
        {
            _switchWhenStarted = vm.State == VmState.Starting && _switchWhenStarted == vm.Name ? vm.Name : null;
            if (_switchWhenStarted is null)
            {
                Backend.SwitchTo(vm.Port!.Value);
            }

            return;
        }

        _switchWhenStarted = vm.Name;
        if (ObstacleTo(Deed.Start, vm) is null)
        {
            Ask(Deed.Start, vm);
        }
    }

    /// <summary>Asks the daemon to give a VM another port.</summary>
    internal void Move(VmStatus vm, int? port)
    {
        Action<string?> answer = Await(Deed.Move, vm);
        Backend.Move(vm.Name, port, answer);
    }

    private void Ask(Deed deed, VmStatus vm)
    {
        Action<string?> answer = Await(deed, vm);
        Backend.Act(vm.Name, Deeds.ActionOf(deed)!.Value, answer);
    }

    /// <summary>Makes the callback for an answer of the daemon, which may come at once, late, or never. A refusal becomes a message.</summary>
    private Action<string?> Await(Deed deed, VmStatus vm)
    {
        var running = new RunningDeed(vm.Name, vm.Label, deed);
        _running.Add(running);
        return error => Change(() =>
        {
            if (!_running.Remove(running))
            {
                return;
            }

            if (error is not null)
            {
                ShowMessage($"{vm.Label} could not be {Deeds.Done(deed)}", error);
            }

            if (deed == Deed.Start && _switchWhenStarted == vm.Name)
            {
                _switchWhenStarted = null;
                SwitchToStarted(vm, error);
            }
        });
    }

    private void SwitchToStarted(VmStatus vm, string? error)
    {
        bool stillHere = Backend.Snapshot?.Seat is not { Port: not 0 };
        if (error is null && stillHere && (Find(vm.Name) ?? vm).Port is { } port)
        {
            Backend.SwitchTo(port);
        }
    }

    /// <summary>Makes a change, from whichever of the callers, and says so once at its end if anybody can see it.</summary>
    internal void Change(Action change)
    {
        _changing++;
        try
        {
            change();
        }
        finally
        {
            _changing--;
        }

        _dialogs.RemoveAll(static dialog => dialog.IsClosed);
        if (_dialogs.Count == 0 && _messages.TryDequeue(out ConsoleDialog? message))
        {
            _dialogs.Add(message);
        }

        if (_changing == 0 && Changed is not null && _frame.IsStale())
        {
            Changed();
        }
    }
}
