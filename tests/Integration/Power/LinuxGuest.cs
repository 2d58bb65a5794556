using System.Net.Sockets;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>
/// A guest of Debian's kernel and busybox alone, as the built guests have them, with a shell on its second serial port: up in a few seconds, and it answers questions about /sys and /proc.
/// </summary>
internal sealed class LinuxGuest : IDisposable
{
    private const string Probe = """
        #!/bin/busybox sh
        /bin/busybox mkdir -p /proc /sys /dev /tmp
        /bin/busybox --install -s /bin
        export PATH=/bin
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys
        mount -t devtmpfs devtmpfs /dev
        for module in $(cat /modules/order); do
            case $module in button.ko|battery.ko|ac.ko|thermal.ko|evdev.ko) insmod /modules/$module;; esac
        done
        cat > /bin/power-view <<'END'
        #!/bin/sh
        one() { [ -e "$1" ] && echo "$2=$(cat "$1" 2>/dev/null)"; }
        for battery in BAT0 BAT1; do
            for value in status capacity energy_now energy_full energy_full_design power_now voltage_now cycle_count; do
                one /sys/class/power_supply/$battery/$value $battery.$value
            done
        done
        one /sys/class/power_supply/AC0/online AC0.online
        for lid in /proc/acpi/button/lid/*/state; do one $lid lid; done
        END
        chmod 755 /bin/power-view
        uevent sh -c 'echo "$ACTION $SUBSYSTEM ${DEVPATH##*/}" >>/tmp/events' >/dev/null 2>&1 &
        exec 3<>/dev/ttyS1
        stty raw -echo <&3
        echo guest:ready >/dev/ttyS0
        while read -r line <&3; do eval "$line" >&3 2>/dev/null; done
        """;

    private readonly Socket _socket;

    private LinuxGuest(Socket socket) => _socket = socket;

    public static string Kernel { get; } = Path.Combine(HyperspacePaths.Current.Guest("kernel"), "vmlinux");

    /// <summary>The same kernel as a bzImage: it can be woken, and starts some seconds later.</summary>
    public static string KernelThatWakes { get; } = Path.Combine(HyperspacePaths.Current.Guest("kernel"), "vmlinuz");

    /// <summary>Where a guest's shell listens, in the one folder that its QEMU may write to.</summary>
    public static string ShellSocket(EngineHome home, string name) => Path.Combine(home.Paths.VmRuntime(name), "qemu", "shell.sock");

    /// <summary>Makes the initial RAM disk: the probe, and behind it that of the built guests.</summary>
    public static string Initrd(EngineHome home)
    {
        string file = Path.Combine(home.Folder, "initrd");
        if (!File.Exists(file))
        {
            string built = Path.Combine(HyperspacePaths.Current.Guest("kernel"), "initrd");
            Assert.True(File.Exists(built) && File.Exists(Kernel), $"{built} is missing; guests/build makes it");
            File.WriteAllBytes(file, [.. Cpio.Of("probe", Probe.ReplaceLineEndings("\n")), .. File.ReadAllBytes(built)]);
        }

        return file;
    }

    /// <summary>Defines a VM of it.</summary>
    /// <param name="more">More keys of the definition.</param>
    public static void Define(EngineHome home, string name, string power, int cpus = 1, string? kernel = null, string input = "ps2", string more = "") => File.WriteAllText(home.Definition(name), $"""
        memory: 128MiB
        cpus: {cpus}
        firmware: linux
        kernel: {'{'}image: "{kernel ?? Kernel}", initrd: "{Initrd(home)}", cmdline: "console=ttyS0 quiet rdinit=/probe"{'}'}
        accelerator: tcg
        network: none
        input: {input}
        restart: {'{'}policy: never, maximum: 1{'}'}
        power: {power}
        extra: ["-chardev", "socket,id=shell,path={ShellSocket(home, name)},server=on,wait=off", "-serial", "chardev:shell"]
        {more}
        """);

    public static Task BootedAsync(EngineHome home, string name) => home.SerialAsync(name, "guest:ready");

    public static async Task<LinuxGuest> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new LinuxGuest(socket);
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>What it says.</returns>
    public async Task<string> RunAsync(string command)
    {
        await _socket.SendAsync(Encoding.UTF8.GetBytes($"{command}\necho @@'end'\n"));
        var said = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!said.ToString().Contains("@@end\n", StringComparison.Ordinal))
        {
            int count = await _socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(count > 0, $"the guest's shell has ended after: {said}");
            said.Append(Encoding.UTF8.GetString(buffer, 0, count).Replace("\r", "", StringComparison.Ordinal));
        }

        return said.ToString().Replace("@@end\n", "", StringComparison.Ordinal);
    }

    /// <summary>Loads all drivers of the built guests but that of the display.</summary>
    public Task<string> LoadDriversAsync() => RunAsync("for m in $(cat /modules/order); do case $m in virtio*gpu*) ;; *) insmod /modules/$m 2>/dev/null;; esac; done");

    /// <summary>Runs a command line that the shell does not survive.</summary>
    public async Task SendAsync(string command) => await _socket.SendAsync(Encoding.UTF8.GetBytes(command + "\n"));

    public void Dispose() => _socket.Dispose();
}
