using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>
/// A VM on its way to another port: nothing is asked of the daemon before it is confirmed, but the list is shown as it would be. Whoever has the port gets the old one,
/// as the daemon does it.
/// </summary>
internal sealed class MoveMode
{
    private const int Ports = 9;

    public MoveMode(VmStatus vm, IReadOnlyList<VmStatus> vms)
    {
        Vm = vm.Name;
        Target = vm.Port;
        Preview(vms);
    }

    public string Vm { get; }

    /// <summary>1 to 9, or null for no port.</summary>
    public int? Target { get; private set; }

    /// <summary>All VMs as they would be.</summary>
    public List<VmStatus> Vms { get; } = [];

    /// <summary>The VM that would get the old port; null when the chosen one is free.</summary>
    public VmStatus? Displaced { get; private set; }

    /// <summary>True when nothing would change.</summary>
    public bool IsSame { get; private set; } = true;

    /// <summary>Takes a key that chooses a port; false for others.</summary>
    public bool Key(ConsoleKeyPress key, IReadOnlyList<VmStatus> vms)
    {
        // No port comes after the last one, as in the list.
        int place = Target ?? Ports + 1;
        int? next = key.Name switch
        {
            ConsoleKeyName.Up => place - 1,
            ConsoleKeyName.Down => place + 1,
            ConsoleKeyName.Home => 1,
            ConsoleKeyName.End => Ports,
            ConsoleKeyName.Delete => Ports + 1,
            ConsoleKeyName.Character when key.Character == '0' => Ports + 1,
            ConsoleKeyName.Character when key.Character is >= '1' and <= '9' => key.Character - '0',
            _ => null,
        };
        if (next is not { } chosen)
        {
            return false;
        }

        chosen = Math.Clamp(chosen, 1, Ports + 1);
        Target = chosen > Ports ? null : chosen;
        Preview(vms);
        return true;
    }

    /// <summary>The list as it would be; call it when the VMs have changed.</summary>
    public void Preview(IReadOnlyList<VmStatus> vms)
    {
        Vms.Clear();
        Displaced = null;
        int? old = vms.FirstOrDefault(vm => vm.Name == Vm)?.Port;
        IsSame = old == Target;
        foreach (VmStatus vm in vms)
        {
            if (vm.Name != Vm && Target is not null && vm.Port == Target)
            {
                Displaced = vm;
            }

            int? port = vm.Name == Vm ? Target : Displaced == vm ? old : vm.Port;
            Vms.Add(port == vm.Port ? vm : vm with { Port = port });
        }

        Vms.Sort(static (a, b) =>
            (a.Port ?? int.MaxValue).CompareTo(b.Port ?? int.MaxValue) is var byPort and not 0 ? byPort : string.CompareOrdinal(a.Name, b.Name));
    }
}
