using System.Diagnostics;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Tests.Integration.Power;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>
/// A guest of Debian's kernel, its sound modules and busybox, that plays 1000 Hz without end: a square of 8-bit samples at 8 kHz, which is what the kernel's emulation of OSS takes from
/// anybody who writes to /dev/dsp. The card has no mixer: ALSA begins with one that is muted, and busybox has nothing to turn it up with.
/// </summary>
internal static class SoundGuest
{
    private const string Probe = """
        #!/bin/busybox sh
        /bin/busybox mkdir -p /proc /sys /dev /tmp
        /bin/busybox --install -s /bin
        export PATH=/bin
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys
        mount -t devtmpfs devtmpfs /dev
        for module in $(cat /sound-order); do insmod /$module || echo "guest:fail $module" >/dev/ttyS0; done
        tries=0
        until [ -e /dev/dsp ] || [ $tries -gt 200 ]; do usleep 100000; tries=$((tries + 1)); done
        if ! [ -e /dev/dsp ]; then dmesg | grep -iE 'snd|hda' >/dev/ttyS0; fi
        tone='\300\300\300\300@@@@'
        for i in 1 2 3 4 5 6 7 8 9 10; do tone="$tone$tone"; done
        printf "$tone" >/tone
        echo guest:plays >/dev/ttyS0
        while cat /tone; do :; done >/dev/dsp
        """;

    /// <summary>Defines a VM of it.</summary>
    public static void Define(EngineHome home, string name) => File.WriteAllText(home.Definition(name), $"""
        memory: 128MiB
        cpus: 1
        firmware: linux
        kernel: {'{'}image: "{LinuxGuest.Kernel}", initrd: "{Initrd(home.Folder)}", cmdline: "console=ttyS0 quiet rdinit=/probe"{'}'}
        accelerator: tcg
        network: none
        restart: {'{'}policy: never, maximum: 1{'}'}
        extra: ["-global", "hda-output.mixer=off"]
        """);

    private static string Initrd(string folder)
    {
        string built = HyperspacePaths.Current.Guest("kernel"), tree = Path.Combine(folder, "modules"), file = Path.Combine(folder, "sound-initrd");
        Assert.True(File.Exists(Path.Combine(built, "initrd")), $"{built}/initrd is missing; guests/build makes it");
        Directory.CreateDirectory(tree);
        _ = Shell("zstd -qdc \"$1\" | tar -C \"$2\" -x modules.dep kernel/sound kernel/drivers/leds", Path.Combine(built, "modules.tar.zst"), tree);
        string[] modules = [.. Order(Path.Combine(tree, "modules.dep"), "snd-hda-codec-generic", "snd-hda-intel", "snd-pcm-oss")];
        List<(string Name, byte[] Content)> files = [.. modules.Select(module => (NameOf(module) + ".ko", Module(Path.Combine(tree, module))))];
        files.Add(("sound-order", Encoding.UTF8.GetBytes(string.Join('\n', files.Select(f => f.Name)) + "\n")));
        files.Add(("probe", Encoding.UTF8.GetBytes(Probe.ReplaceLineEndings("\n"))));
        File.WriteAllBytes(file, [.. Cpio.Of([.. files]), .. File.ReadAllBytes(Path.Combine(built, "initrd"))]);
        return file;
    }

    /// <summary>The modules and those that they need, in the order to load them in (modules.dep(5)).</summary>
    private static IEnumerable<string> Order(string dependencies, params string[] names)
    {
        var all = File.ReadLines(dependencies).Select(line => line.Split(':')).ToDictionary(line => NameOf(line[0]), line => line);
        return names.SelectMany(name => all[name][1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Reverse().Append(all[name][0])).Distinct();
    }

    private static string NameOf(string module) => Path.GetFileName(module).Split(".ko")[0];

    private static byte[] Module(string file) => Path.GetExtension(file) switch
    {
        ".xz" => Shell("xz -dc \"$1\"", file),
        ".zst" => Shell("zstd -qdc \"$1\"", file),
        _ => File.ReadAllBytes(file),
    };

    private static byte[] Shell(string script, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("sh", ["-c", script, "sh", .. arguments]) { RedirectStandardOutput = true })!;
        using var said = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(said);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return said.ToArray();
    }
}
