namespace Hyperspace.Seat.Input.Routing;

/// <summary>Pointer buttons that each device holds, like <see cref="KeysByDevice"/>: slots without buttons are free.</summary>
internal sealed class ButtonsByDevice
{
    private DeviceId[] _devices = new DeviceId[4];
    private PointerButtons[] _buttons = new PointerButtons[4];

    public PointerButtons Of(DeviceId device)
    {
        int slot = SlotOf(device);
        return slot >= 0 ? _buttons[slot] : PointerButtons.None;
    }

    public PointerButtons Union()
    {
        var union = PointerButtons.None;
        foreach (PointerButtons buttons in _buttons)
        {
            union |= buttons;
        }

        return union;
    }

    public void Add(DeviceId device, PointerButtons buttons)
    {
        if (buttons == PointerButtons.None)
        {
            return;
        }

        int slot = SlotOf(device);
        if (slot < 0)
        {
            slot = Array.IndexOf(_buttons, PointerButtons.None);
            if (slot < 0)
            {
                slot = _buttons.Length;
                Array.Resize(ref _buttons, slot * 2);
                Array.Resize(ref _devices, slot * 2);
            }

            _devices[slot] = device;
        }

        _buttons[slot] |= buttons;
    }

    public void Remove(DeviceId device, PointerButtons buttons)
    {
        int slot = SlotOf(device);
        if (slot >= 0)
        {
            _buttons[slot] &= ~buttons;
        }
    }

    public void Clear() => Array.Clear(_buttons);

    private int SlotOf(DeviceId device)
    {
        for (int slot = 0; slot < _buttons.Length; slot++)
        {
            if (_devices[slot] == device && _buttons[slot] != PointerButtons.None)
            {
                return slot;
            }
        }

        return -1;
    }
}
