namespace Hyperspace.Machines.Engines;

/// <summary>
/// Whether KVM is usable. The device node alone proves nothing: on a virtual machine without nested virtualisation it can exist, create VMs, and run no guest. So the CPU must have
/// <c>vmx</c> or <c>svm</c> too.
/// </summary>
public static class AcceleratorProbe
{
    /// <summary>Overrides the check: <c>kvm</c> or <c>tcg</c>.</summary>
    public const string Variable = "HYPERSPACE_ACCELERATOR";

    public static (string Accelerator, string Reason) Probe() => Decide(
        Environment.GetEnvironmentVariable(Variable), ReadCpuFlags("/proc/cpuinfo"), OpenError("/dev/kvm"));

    /// <param name="cpuFlags">The first CPU's flags.</param>
    /// <param name="openError">Why /dev/kvm cannot be opened; null when it can.</param>
    public static (string Accelerator, string Reason) Decide(string? wish, IReadOnlySet<string> cpuFlags, string? openError)
    {
        if (wish is "kvm" or "tcg")
        {
            return (wish, $"{Variable} is set to {wish}.");
        }

        if (!string.IsNullOrEmpty(wish))
        {
            return ("tcg", $"{Variable} is \"{wish}\"; expected kvm or tcg.");
        }

        if (openError is not null)
        {
            return ("tcg", $"/dev/kvm cannot be used: {openError}");
        }

        return cpuFlags.Contains("vmx") || cpuFlags.Contains("svm")
            ? ("kvm", "The CPU has hardware virtualisation and /dev/kvm opens.")
            : ("tcg", "/dev/kvm opens, but the CPU has neither vmx nor svm: an ordinary guest would not get past its firmware.");
    }

    private static HashSet<string> ReadCpuFlags(string file)
    {
        try
        {
            string? line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal));
            return line is null ? [] : [.. line[(line.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string? OpenError(string device)
    {
        if (!File.Exists(device))
        {
            return "it does not exist. Is virtualisation switched on in the firmware's set-up?";
        }

        try
        {
            using var handle = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{e.Message} (are you in the group kvm?)";
        }
    }
}
