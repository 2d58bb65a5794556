using System.Runtime.InteropServices;
using Hyperspace.Linux.Memory;
using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.KeyMaps;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Seat.Link;
using Hyperspace.Seat.Sound;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat;

/// <summary>
/// A seat that the daemon tells what is plugged into its ports, and that does what users of the control API ask of it. Without the daemon it goes on
/// showing and typing into the displays that it has.
/// </summary>
public sealed class LinkedSeat : IDisposable
{
    /// <summary>The device number of the control API's keyboard; sources of real devices count from 1.</summary>
    private static readonly DeviceId ApiKeyboard = new(0);
    private static readonly TimeSpan DisplayRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AgentRetry = TimeSpan.FromSeconds(2);

    /// <summary>How long a sentence of an input source stays in the bar.</summary>
    private static readonly TimeSpan NoticeTime = TimeSpan.FromSeconds(6);

    private readonly DaemonLink _link;
    private readonly ChordOptions _chords;
    private readonly InjectedInput _keyboard;
    private readonly ReactorTimer _keyboardTimer;
    private readonly ReactorTimer _displayTimer;
    private readonly ReactorTimer _agentTimer;
    private readonly ReactorTimer _statusTimer;
    private readonly ReactorTimer _noticeTimer;
    private readonly HashSet<(string Vm, int Generation)> _asked = [];
    private readonly HashSet<string> _waking = [];
    private readonly HashSet<(string Vm, int Generation)> _booting = [];
    private bool _hasBegun;
    private readonly HashSet<(string Vm, int Generation)> _askedAgents = [];
    private int _typingPort;
    private string? _passingNotice;

    /// <param name="link">A link with the role <c>seat</c>; the seat owns it from now on.</param>
    /// <param name="sound">Plays the guests' sound, and is the seat's from now on; null for none.</param>
    public LinkedSeat(Reactor reactor, IOutput output, ChordOptions chords, DaemonLink link, TimeProvider clock, SeatSound? sound = null)
    {
        (_link, _chords) = (link, chords);
        var backend = new LinkConsoleBackend(link, () => Core!);
        Core = new SeatCore(reactor, output, chords, backend, clock, sound) { Said = Notify };
        _keyboard = new InjectedInput(Core, ApiKeyboard, () => Reactor.Now);
        _keyboardTimer = reactor.Timer(() => _keyboard.Tick(Core.ReadDevicesUntilNow()));
        _keyboard.DeadlineChanged = ArmKeyboardTimer;
        _displayTimer = reactor.Timer(AskForDisplays);
        _agentTimer = reactor.Timer(AskForAgents);
        _noticeTimer = reactor.Timer(() => ShowNotice(null));
        _statusTimer = reactor.Timer(() => _link.Send(new SeatChanged(Core.Status())));
        Core.StatusChanged = OnStatusChanged;
        Core.DisplayClosed = (_, _, _) => _displayTimer.Arm(DisplayRetry);
        Core.WakeWanted = Wake;
        Core.HostKey = OnHostKey;
        Core.ClipboardClosed = (_, _) => _agentTimer.Arm(AgentRetry);
        link.Changed = OnLinkChanged;
        link.Display = (offer, socket) => Core.Attach(offer.Vm, offer.Generation, socket);
        link.Agent = (offer, socket) => Core.AttachClipboard(offer.Vm, offer.Generation, socket);
        link.Command = Do;
    }

    public SeatCore Core { get; }

    /// <summary>Shows a sentence in the bar for some seconds, unless there is something worse to say.</summary>
    public void Notify(string notice)
    {
        ShowNotice(notice);
        _noticeTimer.Arm(NoticeTime);
    }

    /// <summary>A brightness key of this machine: the daemon does it, and the bar says for a moment what the brightness is, or why it cannot be set.</summary>
    private void PressBrightness(bool up) => _link.Request(
        id => new BrightnessKey(id, up), answer => Notify(answer.Ok ? answer.Lines?.FirstOrDefault() ?? "" : answer.Error ?? "The brightness cannot be set."));

    private void OnHostKey(HostKeyKind kind, KeyCode key, KeyAction action)
    {
        if (action != KeyAction.Up && (key is KeyCode.Brightnessup or KeyCode.Brightnessdown))
        {
            PressBrightness(key == KeyCode.Brightnessup);
        }
        else if (action == KeyAction.Down && ButtonOf(key) is { } button)
        {
            _link.Request(id => new PowerKey(id, button), answer =>
            {
                if (!answer.Ok)
                {
                    Notify(answer.Error ?? $"The {button.ToString().ToLowerInvariant()} key does nothing here.");
                }
            });
        }
    }

    private static PowerButton? ButtonOf(KeyCode key) => key switch
    {
        KeyCode.Power => PowerButton.Power,
        KeyCode.Sleep or KeyCode.Suspend => PowerButton.Sleep,
        _ => null,
    };

    private void ShowNotice(string? passing)
    {
        _passingNotice = passing;
        Core.Notice = _link.Problem ?? passing;
    }

    private void OnLinkChanged()
    {
        if (!_link.IsConnected)
        {
            ShowNotice(_passingNotice);
            _asked.Clear();
            _askedAgents.Clear();
            Core.ConsoleDataChanged();
            return;
        }

        ShowNotice(_passingNotice);
        if (_link.Snapshot is { } snapshot)
        {
            Core.SetPorts([.. snapshot.Vms.Where(vm => vm.Port is >= 1 and <= 9).DistinctBy(vm => vm.Port).Select(Port)]);
            Core.Power = BarPower.Of(snapshot.Power);
            AskForDisplays();
            BeginWithInstant(snapshot.Vms);
            TellWhatIsUp(snapshot.Vms);
            AskForAgents();
        }

        Core.ConsoleDataChanged();
    }

    /// <summary>The first picture of a new seat is that of the instant VM, if one runs; else the console.</summary>
    private void BeginWithInstant(IReadOnlyList<VmStatus> vms)
    {
        if (!_hasBegun && Core.FocusedPort == 0 && vms.FirstOrDefault(vm => vm is { Instant: not null, DisposableOf: null, IsAlive: true, Port: >= 1 and <= 9 }) is { Port: { } port })
        {
            Core.SwitchTo(port);
        }

        _hasBegun = true;
    }

    /// <summary>Says in the bar that a guest which booted unseen is up now, and how to get there.</summary>
    private void TellWhatIsUp(IReadOnlyList<VmStatus> vms)
    {
        foreach (VmStatus vm in vms)
        {
            if (vm is { IsAlive: true, Boot: { IsUp: false } })
            {
                _booting.Add((vm.Name, vm.Generation));
            }
            else if (_booting.Remove((vm.Name, vm.Generation)) && vm is { Boot.IsUp: true, Port: { } port } && port != Core.FocusedPort)
            {
                Notify($"{vm.Label} is up on port {port}");
            }
        }
    }

    /// <summary>A key woke it on a real computer too. One request at a time: keys come faster than a guest wakes.</summary>
    private void Wake(string vm)
    {
        if (_waking.Add(vm))
        {
            _link.Request(id => new VmRequest(id, vm, VmAction.Wake), answer =>
            {
                _waking.Remove(vm);
                if (!answer.Ok)
                {
                    Notify(answer.Error ?? $"{vm} could not be woken.");
                }
            });
        }
    }

    private static PortInfo Port(VmStatus vm) => new(vm.Port!.Value, vm.Name, vm.Label, Color(vm.Color), vm.State, vm.Reason, vm.Generation) { Sound = vm.Sound, Boot = vm.Boot, Clipboard = vm.Clipboard, AsksFocus = vm.AsksFocus };

    private static Rgb Color(string text) =>
        text.Length == 7 && uint.TryParse(text.AsSpan(1), System.Globalization.NumberStyles.HexNumber, null, out uint value) ? new Rgb(value) : new Rgb(0x8B93A1);

    /// <summary>Every VM that lives and has a port has its display connected, focused or not: that is why switching needs no waiting.</summary>
    private void AskForDisplays()
    {
        foreach (VmStatus vm in _link.Snapshot?.Vms ?? [])
        {
            bool lives = vm.State is VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Stopping;
            if (vm.Port is not null && lives && !Core.HasDisplay(vm.Name, vm.Generation) && _asked.Add((vm.Name, vm.Generation)))
            {
                AskForDisplay(vm.Name, vm.Generation);
            }
        }
    }

    private void AskForDisplay(string vm, int generation) =>
        _link.Request(id => new DisplayRequest(id, vm, generation), answer =>
        {
            _asked.Remove((vm, generation));
            if (!answer.Ok && _link.IsConnected)
            {
                _displayTimer.Arm(DisplayRetry);
            }
        });

    /// <summary>A VM that was started before it had a clipboard has no such channel: its refusal is not asked about again until something changes.</summary>
    private void AskForAgents()
    {
        foreach (VmStatus vm in _link.Snapshot?.Vms ?? [])
        {
            bool lives = vm.State is VmState.Running or VmState.Paused or VmState.Stopping;
            if (vm is { Port: not null, Clipboard: not null } && lives && !Core.HasClipboard(vm.Name, vm.Generation) && _askedAgents.Add((vm.Name, vm.Generation)))
            {
                _link.Request(id => new AgentRequest(id, vm.Name, vm.Generation), answer =>
                {
                    if (answer.Ok)
                    {
                        _askedAgents.Remove((vm.Name, vm.Generation));
                    }
                });
            }
        }
    }

    private void OnStatusChanged()
    {
        if (_keyboard.IsBusy && Core.FocusedPort != _typingPort)
        {
            _keyboard.StopTyping("the focus moved to another port");
        }

        // Zero, not now: several changes of one event become one message, and the picture goes first.
        _statusTimer.Arm(TimeSpan.Zero);
    }

    private void Do(SeatCommand command)
    {
        switch (command.Op)
        {
            case "status":
                Done(command, null);
                break;
            case "switch" when command.Port is >= 0 and <= 9:
                Done(command, Core.TrySwitch(command.Port.Value));
                break;
            case "switch":
                Done(command, $"There is no port {command.Port}; expected 0 to 9.");
                break;
            case "press" when Chord.Parse(command.Text ?? "", _chords, out string? error) is var chord:
                if (chord is null)
                {
                    Done(command, error);
                    break;
                }

                _keyboard.Press(chord, problem => Done(command, problem));
                break;
            case "type":
                _typingPort = Core.FocusedPort;
                _keyboard.Type(command.Text ?? "", KeyLayout.Us, problem => Done(command, problem));
                break;
            case "volume":
                Done(command, Core.SetSound(command.Text ?? "", null));
                break;
            case "lock":
                Done(command, Core.Lock(command.Text ?? ""));
                break;
            case "unlock":
                Done(command, Core.Unlock());
                break;
            case "accept" or "forget" when Core.Guard is null:
                Done(command, "This seat has no keyboards of its own; it is open in a terminal, or with --input none.");
                break;
            case "accept":
                Done(command, Core.Guard!.Accept(command.Text ?? ""));
                break;
            case "forget":
                Done(command, Core.Guard!.Forget(command.Text ?? ""));
                break;
            case "monitor":
                Done(command, Core.SetMonitor(command.Text ?? "", command.Port));
                break;
            case "primary":
                Done(command, Core.SetPrimaryMonitor(command.Text ?? ""));
                break;
            case "screenshot":
                SendPhotograph(command);
                break;
            default:
                Done(command, $"This seat does not know \"{command.Op}\".");
                break;
        }
    }

    private void Done(SeatCommand command, string? problem) =>
        _link.Send(new Answer(command.Id, problem is null) { Error = problem, Seat = Core.Status() });

    private void SendPhotograph(SeatCommand command)
    {
        if (command.Port is < 0 or > 9)
        {
            Done(command, $"There is no port {command.Port}; expected 0 to 9.");
            return;
        }

        if (Core.TakePhotograph(command.Port) is not { } photo)
        {
            Done(command, "This machine has no console font to draw text with; install the package console-setup-linux.");
            return;
        }

        ReadOnlySpan<byte> pixels = MemoryMarshal.AsBytes(photo.Pixels.AsSpan());
        using SafeFileHandle file = MemFd.Create("screenshot", pixels.Length);
        RandomAccess.Write(file, pixels, 0);
        _link.Send(new Answer(command.Id, true) { Screenshot = new ScreenshotInfo(photo.Width, photo.Height, photo.Width * 4) }, file);
    }

    private void ArmKeyboardTimer()
    {
        if (_keyboard.Deadline == IDeadline.Never)
        {
            _keyboardTimer.Disarm();
        }
        else
        {
            _keyboardTimer.ArmAt(_keyboard.Deadline);
        }
    }

    public void Dispose()
    {
        _link.Dispose();
        _keyboardTimer.Dispose();
        _displayTimer.Dispose();
        _agentTimer.Dispose();
        _statusTimer.Dispose();
        _noticeTimer.Dispose();
        Core.Dispose();
    }
}
