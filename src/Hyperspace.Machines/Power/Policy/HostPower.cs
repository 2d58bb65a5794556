using System.Diagnostics;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>This machine, through logind where there is one, else by the kernel's own files, which root alone may write. docs/power-rules.md says who may do what.</summary>
/// <param name="logind">Null on a machine without it.</param>
/// <param name="whyNoLogind">Why it is null; a sentence.</param>
/// <param name="sys">The root of sysfs.</param>
/// <param name="powerOff">The command that powers off where there is no logind.</param>
public sealed class HostPower(ILogind? logind, string whyNoLogind, string sys = "/sys", string powerOff = "poweroff") : IHostPower
{
    private readonly Backlight _backlight = new(Path.Combine(sys, "class", "backlight"));

    public string Way => logind is not null ? "logind" : $"the kernel's own files: {whyNoLogind}";

    public Func<bool, Task>? Sleeping
    {
        get => logind?.Sleeping;
        set
        {
            if (logind is not null)
            {
                logind.Sleeping = value;
            }
        }
    }

    public int? BrightnessPercent => _backlight.Percent;

    public Task SuspendAsync(CancellationToken cancel) => logind is not null ? logind.SuspendAsync(cancel) : Task.Run(SuspendByKernel, CancellationToken.None);

    /// <summary>Linux, Documentation/admin-guide/pm/sleep-states.rst: the write returns when the machine is awake again.</summary>
    private void SuspendByKernel()
    {
        string file = Path.Combine(sys, "power", "state");
        try
        {
            string states = File.ReadAllText(file).Trim();
            if (!states.Split(' ').Contains("mem"))
            {
                throw new MachineException($"This machine cannot be suspended: {file} offers \"{states}\" and not mem.");
            }

            File.WriteAllText(file, "mem");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused("be suspended", e);
        }
    }

    public async Task PowerOffAsync(CancellationToken cancel)
    {
        if (logind is not null)
        {
            await logind.PowerOffAsync(cancel);
            return;
        }

        try
        {
            using Process process = Process.Start(new ProcessStartInfo(powerOff) { RedirectStandardError = true }) ?? throw new IOException("it did not start");
            string said = await process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0)
            {
                throw new MachineException($"This machine cannot be powered off: {powerOff} ended with {process.ExitCode}: {said.Trim()}");
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            throw Refused("be powered off", e);
        }
    }

    public Task LockAsync(CancellationToken cancel) =>
        logind?.LockSessionsAsync(cancel) ?? throw new MachineException($"There are no sessions that could be locked. {whyNoLogind}");

    public Task BlankAsync(bool blank, CancellationToken cancel)
    {
        try
        {
            _backlight.Blank(blank);
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"The backlight cannot be switched: {e.Message} Only root may write there.", e);
        }
    }

    public async Task<int> SetBrightnessAsync(int percent, CancellationToken cancel)
    {
        (string name, int raw) = _backlight.RawOf(Math.Clamp(percent, 0, 100));
        try
        {
            _backlight.Write(Math.Clamp(percent, 0, 100));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // logind lets the user of the active session do it.
            await (logind ?? throw Refused("have another brightness", e)).SetBrightnessAsync(name, raw, cancel);
        }

        return _backlight.Percent ?? Math.Clamp(percent, 0, 100);
    }

    private MachineException Refused(string what, Exception e) =>
        new($"This machine cannot {what}: {e.Message} {whyNoLogind} Without logind only root may: run the daemon as root.", e);
}
