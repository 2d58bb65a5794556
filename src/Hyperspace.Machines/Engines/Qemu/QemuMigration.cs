using System.Runtime.InteropServices;
using System.Text.Json;
using Hyperspace.Protocols.Qmp;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// A machine's state to a file and back, with QEMU's migration. RAM that is a shared file of the host stays where it is (<c>x-ignore-shared</c>): the file is the template's.
/// </summary>
/// <param name="ask">Runs a command of the monitor.</param>
internal sealed class QemuMigration(QemuMigration.Monitor ask)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>A state alone takes some 20 ms, RAM seconds: first it is asked often, then seldom.</summary>
    private const int QuickPolls = 60;

    public delegate Task<JsonElement> Monitor(string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel, SafeHandle? fd);

    public static QemuMigration Of(QmpClient qmp) => new((command, arguments, cancel, fd) => qmp.ExecuteAsync(command, arguments, cancel, fd));

    /// <summary>Whether RAM that is a shared file is left out: must be the same when it is saved and when it is loaded.</summary>
    public Task LeaveRamAsync(bool leave, CancellationToken cancel) => ask("migrate-set-capabilities", w =>
    {
        w.WriteStartArray("capabilities");
        w.WriteStartObject();
        w.WriteString("capability", "x-ignore-shared");
        w.WriteBoolean("state", leave);
        w.WriteEndObject();
        w.WriteEndArray();
    }, cancel, null);

    /// <summary>Saves it to a new file. It stands still before, and afterwards.</summary>
    /// <exception cref="MachineException">It cannot be saved, in QEMU's words.</exception>
    public async Task SaveAsync(string file, Action<double>? progress, CancellationToken cancel)
    {
        using SafeFileHandle handle = File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write);
        await ask("migrate-set-parameters", w => w.WriteNumber("max-bandwidth", 1L << 40), cancel, null);
        await MoveAsync("migrate", handle, progress, cancel);
    }

    /// <summary>Loads it. It stands still afterwards.</summary>
    /// <exception cref="MachineException">It cannot be loaded, in QEMU's words.</exception>
    public async Task LoadAsync(string file, CancellationToken cancel)
    {
        using SafeFileHandle handle = File.OpenHandle(file);
        await MoveAsync("migrate-incoming", handle, null, cancel, w => w.WriteBoolean("exit-on-error", false));
    }

    private async Task MoveAsync(string command, SafeFileHandle file, Action<double>? progress, CancellationToken cancel, Action<Utf8JsonWriter>? more = null)
    {
        // In an fd set of its own QEMU opens it as /dev/fdset/1, whatever its sandbox does not show.
        await ask("add-fd", w => w.WriteNumber("fdset-id", 1), cancel, file);
        await ask(command, w =>
        {
            w.WriteString("uri", "file:/dev/fdset/1");
            more?.Invoke(w);
        }, cancel, null);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(Patience);
        for (int poll = 0; ; poll++)
        {
            JsonElement status = await ask("query-migrate", null, late.Token, null);
            switch (QmpMessage.Member(status, "status"))
            {
                case "completed":
                    await ask("remove-fd", w => w.WriteNumber("fdset-id", 1), cancel, null);
                    return;
                case "failed" or "cancelled":
                    string why = QmpMessage.Member(status, "error-desc");
                    throw new MachineException(why.Length > 0 ? why : "QEMU does not say why");
            }

            if (progress is not null && status.TryGetProperty("ram", out JsonElement ram) && ram.TryGetProperty("total", out JsonElement total) && ram.TryGetProperty("remaining", out JsonElement remaining)
                && total.TryGetInt64(out long all) && remaining.TryGetInt64(out long left) && all > 0)
            {
                progress(Math.Clamp(1 - (double)left / all, 0, 1));
            }

            await Task.Delay(poll < QuickPolls ? 1 : 20, late.Token);
        }
    }
}
