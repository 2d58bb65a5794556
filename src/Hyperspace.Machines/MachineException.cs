namespace Hyperspace.Machines;

/// <summary>Something about a VM could not be done. The message is for people: what failed, why, and what follows.</summary>
public class MachineException : Exception
{
    public MachineException(string message) : base(message) { }

    public MachineException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>There is no VM of that name.</summary>
public sealed class UnknownMachineException(string name) : MachineException($"There is no VM \"{name}\".");

/// <summary>The VM is in a state in which that cannot be done.</summary>
public sealed class MachineStateException(string message) : MachineException(message);
