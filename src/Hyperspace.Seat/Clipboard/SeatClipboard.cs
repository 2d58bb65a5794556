using Hyperspace.Linux.Reactor;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat.Clipboard;

/// <summary>
/// Carries text from one guest to another by the user's two steps and by nothing else: copy takes what the focused guest's clipboard holds, paste offers it to the guest that has the focus
/// then. What is carried goes to that one guest, for one paste, and is forgotten after a minute whatever happens. On the seat's thread.
/// </summary>
public sealed class SeatClipboard : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Reactor _reactor;
    private readonly Action<string> _say;
    private readonly Dictionary<string, GuestAgent> _agents = [];
    private readonly ReactorTimer _forget;
    private readonly ReactorTimer _patience;
    private Action? _gaveUp;
    private byte[]? _text;
    private bool _given;

    /// <param name="say">Shows a sentence in the bar.</param>
    public SeatClipboard(Reactor reactor, Action<string> say)
    {
        (_reactor, _say) = (reactor, say);
        _forget = reactor.Timer(ForgetAll);
        _patience = reactor.Timer(() => _gaveUp?.Invoke());
    }

    /// <summary>How long a text is kept that was copied and not pasted, and one that was pasted and has not been asked for.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a guest can have a text after it first asked for it: programs ask more than once for one paste.</summary>
    public TimeSpan PasteTime { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A channel has ended by itself: the VM's name and generation.</summary>
    public Action<string, int>? Closed { get; set; }

    /// <summary>Whether there is a text that a paste would offer.</summary>
    public bool IsHolding => _text is not null;

    public bool HasChannel(string vm, int generation) => _agents.TryGetValue(vm, out GuestAgent? agent) && agent.Generation == generation;

    /// <summary>Connects a VM's channel, in the place of the one before; the socket is taken over.</summary>
    public void Attach(string vm, int generation, SafeFileHandle socket)
    {
        Detach(vm);
        _agents[vm] = new GuestAgent(_reactor, vm, generation, socket, OnClosed) { Given = OnGiven };
    }

    /// <summary>Keeps the channels of these VMs alone.</summary>
    public void Keep(IReadOnlyList<PortInfo> ports)
    {
        foreach (GuestAgent agent in _agents.Values.ToArray())
        {
            if (!ports.Any(port => port.Vm == agent.Vm && port.IsAlive && port.Generation == agent.Generation && port.Clipboard is not null))
            {
                Detach(agent.Vm);
            }
        }
    }

    /// <summary>Step one: takes what the guest's clipboard holds.</summary>
    /// <param name="from">Null on the console and on an empty port.</param>
    public void Copy(PortInfo? from)
    {
        ForgetAll();
        if (from is null)
        {
            _say("There is no VM here to copy from.");
        }
        else if (from.Clipboard == "in")
        {
            _say($"Nothing may be copied out of {from.Label} (clipboard: in).");
        }
        else if (Agent(from) is { } agent)
        {
            if (agent.HasText)
            {
                Ask(agent, from.Label);
            }
            else
            {
                _say($"{from.Label} has no text in its clipboard.");
            }
        }
    }

    /// <summary>Step two: offers it to the guest, and to no other one afterwards.</summary>
    /// <inheritdoc cref="Copy"/>
    public void Paste(PortInfo? into)
    {
        if (into is null)
        {
            _say("There is no VM here to paste into.");
        }
        else if (into.Clipboard == "out")
        {
            _say($"Nothing may be pasted into {into.Label} (clipboard: out).");
        }
        else if (_text is null)
        {
            _say("Nothing has been copied, or it was a minute ago: the leader and C in the VM that has the text come first.");
        }
        else if (Agent(into) is { } agent)
        {
            byte[] text = _text;
            _text = null;
            _given = false;
            agent.Offer(text);
            _forget.Arm(Lifetime);
            _say($"pasted into {into.Label}: press Ctrl+V there");
        }
    }

    /// <summary>The VM's agent; says what is in the way when there is none.</summary>
    private GuestAgent? Agent(PortInfo vm)
    {
        if (vm.Clipboard is null)
        {
            _say($"{vm.Label} has no clipboard channel (clipboard: off).");
        }
        else if (_agents.TryGetValue(vm.Vm, out GuestAgent? agent) && agent.IsThere)
        {
            return agent;
        }
        else
        {
            _say($"{vm.Label} has no clipboard agent.");
        }

        return null;
    }

    private void Ask(GuestAgent agent, string label)
    {
        _gaveUp = () =>
        {
            agent.AskNoMore();
            _say($"{label} did not hand over its text.");
        };
        _patience.Arm(Patience);
        agent.Ask((untrustedText, problem) =>
        {
            _patience.Disarm();
            byte[]? text = problem is null ? ClipboardText.Clean(untrustedText, out int characters) : Nothing(out characters);
            if (text is { Length: > 0 })
            {
                _text = text;
                _forget.Arm(Lifetime);
                _say($"copied {(characters == 1 ? "1 character" : $"{characters} characters")} from {label}");
            }
            else
            {
                _say($"{label} {problem ?? (text is null ? "has something in its clipboard that is no text" : "has no text in its clipboard")}.");
            }
        });
    }

    /// <summary>A guest has asked for what was pasted there; when it asks again that makes the time no longer.</summary>
    private void OnGiven()
    {
        if (!_given)
        {
            _given = true;
            _forget.Arm(PasteTime);
        }
    }

    private static byte[]? Nothing(out int characters)
    {
        characters = 0;
        return null;
    }

    /// <summary>Nothing that was copied is left here, and no guest can have it any more.</summary>
    private void ForgetAll()
    {
        _forget.Disarm();
        _patience.Disarm();
        Array.Clear(_text ?? []);
        _text = null;
        foreach (GuestAgent agent in _agents.Values)
        {
            agent.AskNoMore();
            agent.Withdraw();
        }
    }

    private void Detach(string vm)
    {
        if (_agents.Remove(vm, out GuestAgent? agent))
        {
            agent.Dispose();
        }
    }

    private void OnClosed(GuestAgent agent, string why)
    {
        if (ReferenceEquals(_agents.GetValueOrDefault(agent.Vm), agent))
        {
            _agents.Remove(agent.Vm);
            Closed?.Invoke(agent.Vm, agent.Generation);
        }
    }

    public void Dispose()
    {
        ForgetAll();
        foreach (GuestAgent agent in _agents.Values)
        {
            agent.Dispose();
        }

        _forget.Dispose();
        _patience.Dispose();
    }
}
