using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Seat.Console;

/// <summary>What a user can ask of the console, in the order in which the menu lists it.</summary>
internal enum Deed : byte { Switch, Start, Stop, Kill, Reset, Pause, Resume, Log, Move, Sound, Host, Power, Monitors, Help, Quit }

/// <summary>A deed that the daemon has been asked for and has not answered yet.</summary>
internal sealed record RunningDeed(string Vm, string Label, Deed Deed);

/// <summary>Why a deed cannot be done.</summary>
/// <param name="Vm">Whom the sentence is about; null when it stands for itself.</param>
/// <param name="More">Another sentence, from elsewhere.</param>
internal readonly record struct Obstacle(string Text, string? Vm = null, string? More = null)
{
    public override string ToString() => $"{Vm}{(Vm is null ? "" : " ")}{Text}{(More is null ? "" : " ")}{More}";
}

/// <summary>The rules of the deeds: their keys, their words, and when they cannot be done.</summary>
internal static class Deeds
{
    /// <summary>Those that are done to a VM.</summary>
    public static readonly Deed[] OfVm = [Deed.Switch, Deed.Start, Deed.Stop, Deed.Kill, Deed.Reset, Deed.Pause, Deed.Resume, Deed.Log, Deed.Move];

    public static string KeyOf(Deed deed) => deed switch
    {
        Deed.Switch => "Enter",
        Deed.Start => "S",
        Deed.Stop => "T",
        Deed.Kill => "K",
        Deed.Reset => "R",
        Deed.Pause or Deed.Resume => "P",
        Deed.Log => "L",
        Deed.Move => "M",
        Deed.Sound => "V",
        Deed.Host => "H",
        Deed.Power => "W",
        Deed.Monitors => "D",
        Deed.Help => "F1",
        _ => "Q",
    };

    public static string LabelOf(Deed deed) => deed switch
    {
        Deed.Switch => "switch",
        Deed.Start => "start",
        Deed.Stop => "stop",
        Deed.Kill => "kill",
        Deed.Reset => "reset",
        Deed.Pause => "pause",
        Deed.Resume => "resume",
        Deed.Log => "log",
        Deed.Move => "move",
        Deed.Sound => "sound",
        Deed.Host => "host",
        Deed.Power => "power",
        Deed.Monitors => "monitors",
        Deed.Help => "help",
        _ => "quit",
    };

    /// <summary>What the menu says.</summary>
    public static string SentenceOf(Deed deed) => deed switch
    {
        Deed.Switch => "Switch to it",
        Deed.Start => "Start",
        Deed.Stop => "Stop: press its power button",
        Deed.Kill => "Kill: pull the plug",
        Deed.Reset => "Reset",
        Deed.Pause => "Pause",
        Deed.Resume => "Resume",
        Deed.Log => "Read its logs",
        Deed.Move => "Move it to another port",
        Deed.Sound => "Sound and volume",
        Deed.Host => "About this computer",
        Deed.Power => "Power: batteries, charger, lid",
        Deed.Monitors => "Monitors: what each of them shows",
        Deed.Help => "Help",
        _ => "Quit",
    };

    /// <summary>The deed that a letter stands for, upper or lower case; P is resume for a VM that is paused or sleeps.</summary>
    public static Deed? OfKey(ConsoleKeyPress key, VmStatus? vm) => key.Name switch
    {
        ConsoleKeyName.F1 => Deed.Help,
        ConsoleKeyName.F10 => Deed.Quit,
        ConsoleKeyName.Character => char.ToLowerInvariant(key.Character) switch
        {
            's' => Deed.Start,
            't' => Deed.Stop,
            'k' => Deed.Kill,
            'r' => Deed.Reset,
            'p' => vm is { State: VmState.Paused or VmState.Sleeping } ? Deed.Resume : Deed.Pause,
            'l' => Deed.Log,
            'm' => Deed.Move,
            'v' => Deed.Sound,
            'h' => Deed.Host,
            'w' => Deed.Power,
            'd' => Deed.Monitors,
            '?' => Deed.Help,
            'q' => Deed.Quit,
            _ => null,
        },
        _ => null,
    };

    public static VmAction? ActionOf(Deed deed) => deed switch
    {
        Deed.Start => VmAction.Start,
        Deed.Stop => VmAction.Stop,
        Deed.Kill => VmAction.Kill,
        Deed.Reset => VmAction.Reset,
        Deed.Pause => VmAction.Pause,
        Deed.Resume => VmAction.Resume,
        _ => null,
    };

    /// <summary>For those that the daemon does.</summary>
    public static string Doing(Deed deed) => deed switch
    {
        Deed.Start => "starting",
        Deed.Stop => "stopping",
        Deed.Kill => "killing",
        Deed.Reset => "resetting",
        Deed.Pause => "pausing",
        Deed.Resume => "resuming",
        _ => "moving",
    };

    /// <inheritdoc cref="Doing"/>
    public static string Done(Deed deed) => deed switch
    {
        Deed.Start => "started",
        Deed.Stop => "stopped",
        Deed.Kill => "killed",
        Deed.Reset => "reset",
        Deed.Pause => "paused",
        Deed.Resume => "resumed",
        _ => "moved",
    };

    /// <summary>What is lost by it, for those that ask first; null for those that do not.</summary>
    public static string? Consequence(Deed deed) => deed switch
    {
        Deed.Stop => "Its power button is pressed. A guest that does not power itself off before its deadline is ended, and loses what it has not saved.",
        Deed.Kill => "It ends at once, as if its plug were pulled. What the guest has not written to its disks is lost.",
        Deed.Reset => "It begins anew at once, as with a PC's reset button. What the guest has not written to its disks is lost.",
        _ => null,
    };

    /// <summary>What stands in the way of a deed now; null when nothing does. Allocates nothing, because pages ask for each of their keys whenever they are drawn.</summary>
    public static Obstacle? ObstacleTo(Deed deed, VmStatus? vm, IConsoleBackend backend, List<RunningDeed> running)
    {
        if (deed is Deed.Sound or Deed.Host or Deed.Power or Deed.Monitors or Deed.Help or Deed.Quit)
        {
            return null;
        }

        if (vm is null)
        {
            return new Obstacle("There is no VM to do this to.");
        }

        if (deed == Deed.Log)
        {
            return null;
        }

        if (deed == Deed.Switch)
        {
            return ObstacleToSwitch(vm, backend);
        }

        if (backend.Problem is { } problem)
        {
            return new Obstacle("Only the daemon can do this.", More: problem);
        }

        if (WhyNotInState(deed, vm.State) is { } state)
        {
            return new Obstacle(state, vm.Label);
        }

        foreach (RunningDeed other in running)
        {
            if (other.Deed == deed && other.Vm == vm.Name)
            {
                return new Obstacle("waits for the daemon to do this already.", vm.Label);
            }
        }

        return null;
    }

    private static Obstacle? ObstacleToSwitch(VmStatus vm, IConsoleBackend backend)
    {
        if (!backend.CanSwitch)
        {
            return new Obstacle("There is no seat here: this console has no screen to switch.");
        }

        if (vm.State == VmState.Invalid)
        {
            return new Obstacle("cannot be used:", vm.Label, vm.Reason ?? "its definition has errors.");
        }

        if (vm.Port is null)
        {
            return new Obstacle("is on no port; M gives it one.", vm.Label);
        }

        return vm.State is VmState.Off or VmState.Crashed && backend.Problem is { } problem
            ? new Obstacle("does not run, and only the daemon can start it.", vm.Label, problem)
            : null;
    }

    private static string? WhyNotInState(Deed deed, VmState state) => (deed, state) switch
    {
        (_, VmState.Invalid) => "has errors in its definition; correct them first.",
        (Deed.Move, _) => null,
        (Deed.Start, VmState.Off or VmState.Crashed) => null,
        (Deed.Start, VmState.Stopping) => "is still stopping; it can be started when it is off.",
        (Deed.Start, VmState.Starting) => "is being started already.",
        (Deed.Start, VmState.Paused) => "runs already; P lets it go on.",
        (Deed.Start, VmState.Sleeping) => "runs already, asleep; P wakes it.",
        (Deed.Start, _) => "runs already.",
        (_, VmState.Off) => "is off.",
        (_, VmState.Crashed) => "has crashed and does not run.",
        (_, VmState.Starting) => "is still starting.",
        (Deed.Kill, _) => null,
        (Deed.Stop, VmState.Stopping) => "is stopping already; K ends it at once.",
        (_, VmState.Stopping) => "is stopping.",
        (Deed.Pause, VmState.Paused) => "is paused already.",
        (Deed.Pause, VmState.Sleeping) => "sleeps; P wakes it.",
        (Deed.Resume, VmState.Running) => "is not paused.",
        _ => null,
    };
}
