using Hyperspace.Client;
using Hyperspace.Daemon;
using Hyperspace.Machines;

namespace Hyperspace.Commands;

/// <summary>What a command could not do, said so that people can do something about it; anything else is a bug and shows its stack.</summary>
internal static class Failures
{
    /// <summary>Whether the message alone says all that a user needs.</summary>
    public static bool IsForPeople(Exception e) => e is ControlException or MachineException or DaemonException or IOException or UnauthorizedAccessException;

    /// <summary>The message, and those of its causes that say more, one a line.</summary>
    public static void Print(Exception e, TextWriter error)
    {
        string said = e.Message;
        error.WriteLine(e.Message);
        for (Exception? cause = e.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (!said.Contains(cause.Message, StringComparison.Ordinal))
            {
                error.WriteLine($"  because: {cause.Message}");
                said += cause.Message;
            }
        }
    }
}
