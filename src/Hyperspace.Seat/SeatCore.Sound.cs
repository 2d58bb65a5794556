using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Sound;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat;

/// <summary>What is heard here, and what is copied from VM to VM.</summary>
public sealed partial class SeatCore
{
    /// <summary>Changes the volume, or mutes a VM; see <see cref="SeatSound.TryDo"/>.</summary>
    public string? SetSound(string what, string? vm)
    {
        if (_sound is null)
        {
            return "This seat plays no sound.";
        }

        string? problem = _sound.TryDo(what, vm);
        if (problem is null && vm is null)
        {
            Said?.Invoke(_sound.Sentence);
        }

        return problem;
    }

    /// <summary>What is heard here; null for a seat that plays no sound.</summary>
    public SoundStatus? Sound => _sound?.Status();

    /// <summary>Whether the channel to the VM's clipboard agent in that run is connected.</summary>
    public bool HasClipboard(string vm, int generation) => _clipboard.HasChannel(vm, generation);

    /// <summary>Connects a VM's clipboard agent; the socket is taken over. One of an earlier run is dropped.</summary>
    public void AttachClipboard(string vm, int generation, SafeFileHandle socket)
    {
        if (_ports.OfVm(vm) is { } slot && slot.Info.Generation == generation && slot.Info.Clipboard is not null)
        {
            _clipboard.Attach(vm, generation, socket);
        }
        else
        {
            socket.Dispose();
        }
    }

    /// <summary>These keys are the seat's on every port, as those of the attention key are, and no guest sees them.</summary>
    private void OnVolumeKey(in KeyEvent e)
    {
        if (_sound is not null && e.Action != KeyAction.Up)
        {
            _sound.Key(e.Key, e.Action);
            Said?.Invoke(_sound.Sentence);
        }
    }

    private void OnClipboardAsked(bool copy)
    {
        PortInfo? focused = _ports[FocusedPort]?.Info;
        if (copy)
        {
            _clipboard.Copy(focused);
        }
        else
        {
            _clipboard.Paste(focused);
        }
    }

    private void OnSoundChanged()
    {
        StatusChanged?.Invoke();
        _console.DataChanged();
    }
}
