using System.Collections.Concurrent;
using Hyperspace.Linux;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Who may start or prepare a QEMU of a name: one at a time, and nobody while one runs, because its files and sockets have that name too.</summary>
internal sealed class QemuNames
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new();
    private readonly ConcurrentDictionary<string, QemuMachine> _running = new();

    /// <summary>Waits until the name is nobody's. Disposing the result gives it back.</summary>
    public async Task<IDisposable> TakeAsync(string name, CancellationToken cancel)
    {
        SemaphoreSlim one = _locks.GetOrAdd(name, _ => new SemaphoreSlim(1, 1));
        await one.WaitAsync(cancel);
        return new Holding(one);
    }

    /// <summary>Whether a run of that name lives. Whoever asks holds the name.</summary>
    public bool IsRunning(string name) => _running.TryGetValue(name, out QemuMachine? machine) && !machine.Ended.IsCompleted;

    public QemuMachine Running(string name, QemuMachine machine) => _running[name] = machine;

    /// <summary>
    /// Ends a QEMU of that name that nobody knows: a daemon that is killed between the launch and the birth of QEMU leaves one that its successor could not find. Nobody has ever seen it, and
    /// it holds the VM's disks.
    /// </summary>
    public static async Task EndStrayAsync(HyperspacePaths paths, string name)
    {
        if (QemuProcess.FindAll(paths).TryGetValue(name, out int pid) && ProcessHandle.Open(pid) is { } stray)
        {
            using (stray)
            {
                stray.Kill();
                await stray.Exited;
            }
        }
    }

    private sealed class Holding(SemaphoreSlim one) : IDisposable
    {
        private SemaphoreSlim? _one = one;

        public void Dispose() => Interlocked.Exchange(ref _one, null)?.Release();
    }
}
