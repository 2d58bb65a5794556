namespace Hyperspace.Seat.Input;

/// <summary>
/// A set of keys for each device. A slot whose set is empty belongs to nobody and is taken by the next device that needs one, so that the
/// table grows with the devices that hold keys at the same moment, not with the devices that ever were plugged in.
/// </summary>
internal sealed class KeysByDevice
{
    private DeviceId[] _devices = new DeviceId[8];
    private KeySet[] _keys = new KeySet[8];

    public bool Contains(DeviceId device, KeyCode key)
    {
        int slot = SlotOf(device);
        return slot >= 0 && _keys[slot].Contains(key);
    }

    /// <summary>Whether any device has the key.</summary>
    public bool Contains(KeyCode key)
    {
        foreach (ref readonly KeySet keys in _keys.AsSpan())
        {
            if (keys.Contains(key))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>True when the device did not have the key before.</returns>
    public bool Add(DeviceId device, KeyCode key)
    {
        int slot = SlotOf(device);
        if (slot < 0)
        {
            slot = TakeSlot(device);
        }

        return _keys[slot].Add(key);
    }

    /// <returns>True when the device had the key before.</returns>
    public bool Remove(DeviceId device, KeyCode key)
    {
        int slot = SlotOf(device);
        return slot >= 0 && _keys[slot].Remove(key);
    }

    /// <summary>The keys of one device.</summary>
    public KeySet Of(DeviceId device)
    {
        int slot = SlotOf(device);
        return slot >= 0 ? _keys[slot] : default;
    }

    /// <summary>The keys of all devices together.</summary>
    public KeySet Union()
    {
        var union = default(KeySet);
        foreach (ref readonly KeySet keys in _keys.AsSpan())
        {
            union |= keys;
        }

        return union;
    }

    public void Clear() => Array.Clear(_keys);

    /// <summary>Keeps only the members of <paramref name="keys"/>, on every device.</summary>
    public void KeepOnly(in KeySet keys)
    {
        for (int slot = 0; slot < _keys.Length; slot++)
        {
            _keys[slot] &= keys;
        }
    }

    /// <summary>Takes away from each device the keys that <paramref name="other"/> has for the same device.</summary>
    public void Except(KeysByDevice other)
    {
        for (int slot = 0; slot < _keys.Length; slot++)
        {
            if (!_keys[slot].IsEmpty)
            {
                _keys[slot] -= other.Of(_devices[slot]);
            }
        }
    }

    /// <summary>Adds to each device the keys of <paramref name="source"/> that are members of <paramref name="which"/>.</summary>
    public void AddFrom(KeysByDevice source, in KeySet which)
    {
        for (int slot = 0; slot < source._keys.Length; slot++)
        {
            foreach (KeyCode key in source._keys[slot] & which)
            {
                Add(source._devices[slot], key);
            }
        }
    }

    private int SlotOf(DeviceId device)
    {
        for (int slot = 0; slot < _keys.Length; slot++)
        {
            if (_devices[slot] == device && !_keys[slot].IsEmpty)
            {
                return slot;
            }
        }

        return -1;
    }

    private int TakeSlot(DeviceId device)
    {
        int slot = Array.FindIndex(_keys, static keys => keys.IsEmpty);
        if (slot < 0)
        {
            slot = _keys.Length;
            Array.Resize(ref _keys, slot * 2);
            Array.Resize(ref _devices, slot * 2);
        }

        _devices[slot] = device;
        return slot;
    }
}
