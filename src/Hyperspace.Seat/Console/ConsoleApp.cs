using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;

namespace Hyperspace.Seat.Console;

/// <summary>
/// The management console: what port 0 shows, and what <c>hyperspace console</c> shows in a terminal. One thread, its caller's. It holds the pages and the dialogs on top of them;
/// what is asked of the daemon goes through <see cref="Ask"/>, and nothing here waits for an answer.
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

    /// <summary>Why a deed cannot be done to a VM now; null when it can.</summary>
    internal string? WhyNot(Deed deed, VmStatus? vm)
    {
        if (Deeds.WhyNot(deed, vm, Backend) is { } reason)
        {
            return reason;
        }

        if (Deeds.ActionOf(deed) is { } action)
        {
            foreach (RunningDeed running in _running)
            {
                if (running.Action == action && running.Vm == vm!.Name)
                {
                    return $"{vm.Label}: {Deeds.Doing(action)} already.";
                }
            }
        }

        return null;
    }

    /// <summary>Does what has been found possible; what cannot be undone is asked about first.</summary>
    internal void Do(VmAction action, VmStatus vm)
    {
        if (Deeds.Consequence(action) is not { } consequence)
        {
            Ask(action, vm);
            return;
        }

        string verb = action.ToString().ToLowerInvariant();
        Show(new ConfirmDialog($"{action} {vm.Label}?", consequence, verb, () => Confirmed(action, vm)));
    }

    /// <summary>The question may have been open for long: what was asked about must still be what it is done to.</summary>
    private void Confirmed(VmAction action, VmStatus asked)
    {
        VmStatus? now = Find(asked.Name);
        Deed deed = action switch { VmAction.Stop => Deed.Stop, VmAction.Kill => Deed.Kill, _ => Deed.Reset };
        string? whyNot = now is null ? $"{asked.Label} is gone."
            : now.Generation != asked.Generation ? $"{asked.Label} has been started again since you were asked; nothing was done."
            : WhyNot(deed, now);
        if (whyNot is null)
        {
            Ask(action, now!);
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
        if (WhyNot(Deed.Start, vm) is null)
        {
            Ask(VmAction.Start, vm);
        }
    }

    /// <summary>Asks the daemon. The answer may come at once, late, or never; a refusal becomes a message.</summary>
    private void Ask(VmAction action, VmStatus vm)
    {
        var running = new RunningDeed(vm.Name, vm.Label, action);
        _running.Add(running);
        Backend.Act(vm.Name, action, error => Change(() =>
        {
            if (!_running.Remove(running))
            {
                return;
            }

            if (error is not null)
            {
                ShowMessage($"{vm.Label} could not be {Deeds.Done(action)}", error);
            }

            if (action == VmAction.Start && _switchWhenStarted == vm.Name)
            {
                _switchWhenStarted = null;
                SwitchToStarted(vm, error);
            }
        }));
    }

    private void SwitchToStarted(VmStatus vm, string? error)
    {
        bool stillHere = Backend.Snapshot?.Seat is not { Port: not 0 };
        if (error is null && stillHere && (Find(vm.Name) ?? vm).Port is { } port)
        {
            Backend.SwitchTo(port);
        }
    }

    /// <summary>Asks the daemon to give a VM another port.</summary>
    internal void Move(VmStatus vm, int? port) => Backend.Move(vm.Name, port, error => Change(() =>
    {
        if (error is not null)
        {
            ShowMessage($"{vm.Label} could not be moved", error);
        }
    }));

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
