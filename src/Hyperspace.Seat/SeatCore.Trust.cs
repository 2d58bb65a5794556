using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Trust;

namespace Hyperspace.Seat;

/// <summary>Who may have the keyboard, and which keyboards may be it: locks, VMs that are asked about first, new keyboards, and keys that are the host's. docs/trusted-input.md.</summary>
public sealed partial class SeatCore : ITrustedSeat
{
    private readonly FocusQuestion _focusQuestion = new();
    private readonly KeySet _leaders;
    private readonly ReactorTimer _questionTimer;
    private SeatMemory _memory = SeatMemory.Transient();
    private TrustedInput? _guard;
    private ConfirmDialog? _keyboardDialog;
    private string? _dialogAbout;

    /// <summary>A port that has been confirmed, or that needs no confirmation this time.</summary>
    private int? _confirmed;

    /// <summary>A key of the host's was pressed, is repeated or was released; no guest sees it.</summary>
    public Action<HostKeyKind, KeyCode, KeyAction>? HostKey { get; set; }

    /// <summary>The VM that alone may have the keyboard; null for none.</summary>
    public string? LockedTo => _memory.LockedTo;

    /// <summary>Lists the devices for <see cref="Status"/>; null where there are none.</summary>
    public Func<IReadOnlyList<SeatDevice>>? ListDevices { get; set; }

    /// <summary>What the seat remembers from one run to the next; set once, before anything else.</summary>
    public SeatMemory Memory
    {
        get => _memory;
        set
        {
            _memory = value;
            _output.Arrangement?.Arrange(value.MonitorChoice);
            UpdateBar();
        }
    }

    /// <summary>Stands between the devices and the seat; asks about new keyboards.</summary>
    public TrustedInput? Guard
    {
        get => _guard;
        set
        {
            _guard = value;
            if (value is not null)
            {
                value.Changed = OnGuardChanged;
                value.Notify = sentence => Said?.Invoke(sentence);
                OnGuardChanged();
            }
        }
    }

    public void RaiseAttention(long time)
    {
        _lastEvent = time;
        _router.RaiseAttention(time);
    }

    /// <summary>Moves the focus as <see cref="SwitchTo"/> does, and says why if not.</summary>
    /// <returns>Null, or a sentence.</returns>
    public string? TrySwitch(int port)
    {
        SwitchTo(port);
        return FocusedPort == port ? null
            : _focusQuestion.Port == port ? $"{LabelOf(port)} may not be focused without asking: Enter on the seat's keyboard confirms it."
            : LockedTo is { } vm ? $"The seat is locked to {vm}; only the console can unlock it, or `hyperspace seat unlock`."
            : $"The focus did not move to port {port}.";
    }

    /// <summary>Makes a VM the only one that may have the keyboard, and gives it to it.</summary>
    /// <returns>Null, or why not, as a sentence.</returns>
    public string? Lock(string vm)
    {
        if (_ports.OfVm(vm) is not { } slot)
        {
            return $"No port has a VM \"{vm}\"; the seat is locked to VMs that have one.";
        }

        string? problem = _memory.Lock(vm);
        _confirmed = slot.Info.Number;
        _router.SwitchTo(slot.Info.Number);
        _confirmed = null;
        Said?.Invoke(problem ?? $"The seat is locked to {slot.Info.Label}.");
        UpdateBar();
        StatusChanged?.Invoke();
        return null;
    }

    /// <summary>Any VM may have the keyboard again.</summary>
    /// <returns>Null, or why it will be locked again after the seat's end, as a sentence.</returns>
    public string? Unlock()
    {
        string? problem = LockedTo is null ? null : _memory.Lock(null);
        UpdateBar();
        StatusChanged?.Invoke();
        return problem;
    }

    /// <summary>What stands in the bar until it is answered; null for nothing.</summary>
    private string? BarQuestion => _focusQuestion.Port is { } port ? $"{LabelOf(port)} asks first: Enter gives it the keyboard, any other key does not." : _guard?.Question?.Sentence;

    /// <summary>Keys that do not get to the router: the host's, and answers.</summary>
    private bool TakesKey(in KeyEvent e)
    {
        if (HostKeys.Of(e.Key) is { } kind)
        {
            HostKey?.Invoke(kind, e.Key, e.Action);
            return true;
        }

        int? before = _focusQuestion.Port;
        bool taken = _focusQuestion.Take(e, _router.IsArmed, _leaders.Contains(e.Key), out int? confirmed);
        if (confirmed is { } port)
        {
            _confirmed = port;
            _router.SwitchTo(port);
            _confirmed = null;
        }

        if (before != _focusQuestion.Port)
        {
            UpdateBar();
        }

        return taken;
    }

    /// <summary>Asked by the router before the focus moves; the attention key is not asked about.</summary>
    private bool MayEnter(int port)
    {
        if (LockedTo is { } vm && _ports[port]?.Info.Vm != vm)
        {
            RefuseLocked(vm, port);
            return false;
        }

        if (_ports[port]?.Info.AsksFocus == true && _confirmed != port)
        {
            _focusQuestion.Ask(port, Reactor.Now);
            _questionTimer.ArmAt(Reactor.Now + FocusQuestion.Patience);
            UpdateBar();
            return false;
        }

        _focusQuestion.Forget();
        return true;
    }

    private void RefuseLocked(string vm, int port)
    {
        string label = _ports.OfVm(vm)?.Info.Label ?? vm;
        if (FocusedPort != 0)
        {
            Said?.Invoke($"The seat is locked to {label}. {_output.AttentionKey} leads to the console, which can unlock it.");
            return;
        }

        _console.Change(() => _console.Show(new ConfirmDialog(
            "The seat is locked", $"Only {label} may have the keyboard now. Unlock the seat and go to {LabelOf(port)}?", "unlock it", () =>
            {
                string? problem = Unlock();
                SwitchTo(port);
                if (problem is not null)
                {
                    Said?.Invoke(problem);
                }
            })));
    }

    private void OnQuestionExpired()
    {
        _focusQuestion.Forget();
        UpdateBar();
    }

    private void OnGuardChanged()
    {
        ShowKeyboardDialog();
        UpdateBar();
        StatusChanged?.Invoke();
    }

    /// <summary>In the console a trusted keyboard can answer; without one there is only the new one itself, and it must not.</summary>
    private void ShowKeyboardDialog()
    {
        KeyboardQuestion? question = FocusedPort == 0 && _guard is { HasTrustedKeyboard: true } ? _guard.Question : null;
        if (question?.Id == _dialogAbout)
        {
            return;
        }

        _dialogAbout = question?.Id;
        _console.Change(() =>
        {
            _keyboardDialog?.Withdraw();
            _keyboardDialog = null;
            if (question is { Id: var id, Name: var name })
            {
                _keyboardDialog = new ConfirmDialog(
                    "A new keyboard", $"\"{name}\" says that it is a keyboard. Have you just plugged it in? A malicious USB stick can say so too, and would type into your VMs.", "accept it",
                    () => _guard!.Accept(id), () => _guard!.Refuse(id));
                _console.Show(_keyboardDialog);
            }
        });
    }

    private string LabelOf(int port) => port == 0 ? "the console" : _ports[port]?.Info.Label ?? $"port {port}";
}
