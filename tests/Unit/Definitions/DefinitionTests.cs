using Hyperspace.Machines.Definitions;

namespace Hyperspace.Tests.Unit.Definitions;

public sealed class DefinitionTests : IDisposable
{
    private readonly Home _home = new();

    [Fact]
    public void Every_key_is_read()
    {
        string disk = _home.PutQcow2("root.qcow2");
        string second = _home.Put("data.img", new string('\0', 512));
        string iso = _home.Put("config/vms/cd.iso");
        VmDefinition? vm = _home.Read($$"""
            name: demo
            label: "Demo: 1"
            color: cyan
            port: 3
            memory: 1536MiB
            cpus: 3
            firmware: linux
            kernel:
              image: /bin/sh
              initrd: /bin/cat
              cmdline: root=/dev/vda1 quiet
            disks:
              - file: {{disk}}
                mode: ephemeral
              - {file: {{second}}, format: raw, mode: read-only}
              - {file: new.qcow2, size: 20GiB}
            cdrom: cd.iso
            network: {mode: user, forwards: ["tcp:2222:22", "udp:5000:50"]}
            display: {width: 1024, height: 768}
            input: usb
            autostart: true
            accelerator: tcg
            stopDeadline: 2min
            restart: {policy: never, maximum: 7}
            extra: ["-device", "intel-hda"]
            description: |
              Two
              lines
            """).Definition;

        Assert.NotNull(vm);
        Assert.Equal(("demo", "Demo: 1", "#06b6d4", 3, 1536, 3), (vm.Name, vm.Label, vm.Color, vm.Port, vm.MemoryMiB, vm.Cpus));
        Assert.Equal((Firmware.Linux, new KernelDefinition("/bin/sh", "/bin/cat", "root=/dev/vda1 quiet")), (vm.Firmware, vm.Kernel));
        Assert.Equal(
            [
                new DiskDefinition(disk, DiskFormat.Qcow2, DiskMode.Ephemeral, null),
                new DiskDefinition(second, DiskFormat.Raw, DiskMode.ReadOnly, null),
                new DiskDefinition(Path.Combine(_home.Paths.VmState("demo"), "new.qcow2"), DiskFormat.Qcow2, DiskMode.Persistent, 20L << 30),
            ],
            vm.Disks);
        Assert.Equal(iso, vm.Cdrom);
        Assert.Equal(NetworkMode.User, vm.Network.Mode);
        Assert.Equal([new PortForward("tcp", 2222, 22), new PortForward("udp", 5000, 50)], vm.Network.Forwards);
        Assert.Equal((new DisplayDefinition(1024, 768), InputDevices.Usb, true), (vm.Display, vm.Input, vm.Autostart));
        Assert.Equal((AcceleratorChoice.Tcg, TimeSpan.FromMinutes(2), new RestartDefinition(RestartPolicy.Never, 7)), (vm.Accelerator, vm.StopDeadline, vm.Restart));
        Assert.Equal(["-device", "intel-hda"], vm.Extra);
        Assert.Equal(("Two\nlines", Path.Combine(_home.Paths.Definitions, "demo.yaml")), (vm.Description.TrimEnd('\n'), vm.SourceFile));
    }

    [Fact]
    public void What_is_left_out_is_what_the_table_in_the_documentation_says()
    {
        VmDefinition vm = _home.Read("{}").Definition!;
        VmDefinition said = _home.Read("{name: demo, label: demo, color: gray, memory: 2GiB, cpus: 2, firmware: uefi, disks: [], network: user, display: {width: 1280, height: 776}, input: virtio, "
            + "autostart: false, accelerator: auto, stopDeadline: 30s, restart: {policy: on-crash, maximum: 3}, extra: [], description: \"\"}").Definition!;
        Assert.Equal(DefinitionText.Yaml(DefinitionText.Keys(said)), DefinitionText.Yaml(DefinitionText.Keys(vm)));
        Assert.Null(vm.Port);
        Assert.Null(vm.Cdrom);
        Assert.Null(vm.Kernel);
    }

    [Fact]
    public void A_machine_with_one_CPU_gives_one()
    {
        var store = new DefinitionStore(_home.Paths, new HostFacts(8L << 30, 1));
        Assert.Equal(1, store.Reader.Read(store.FileOf("demo"), "{}").Definition!.Cpus);
    }

    [Fact]
    public void A_home_folder_is_a_tilde()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string problem = Assert.Single(_home.Read("cdrom: ~/there-is-no-such-file.iso\n").Errors).Problem;
        Assert.Contains($"there is no file {home}/there-is-no-such-file.iso;", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2GiB", 2L << 30)]
    [InlineData("0MiB", 0L)]
    [InlineData("9999999GiB", 9999999L << 30)]
    [InlineData("9999999TiB", null)]
    [InlineData("2GB", null)]
    [InlineData("2 GiB", null)]
    [InlineData("-2GiB", null)]
    [InlineData("2GiB\n", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Sizes_are_read(string? text, long? bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData(0, "0 bytes", "0MiB")]
    [InlineData(1023, "1023 bytes", "1MiB")]
    [InlineData(1024, "1 KiB", "1MiB")]
    [InlineData(1536L << 20, "1.5 GiB", "1536MiB")]
    [InlineData((1L << 30) - 1, "1 GiB", "1GiB")]
    [InlineData(1023L << 20, "1023 MiB", "1023MiB")]
    [InlineData(20L << 30, "20 GiB", "20GiB")]
    [InlineData(1L << 40, "1 TiB", "1TiB")]
    [InlineData(long.MaxValue, "8 EiB", "8388608TiB")]
    public void Sizes_are_written(long bytes, string human, string exact) => Assert.Equal((human, exact), (ByteSize.Human(bytes), ByteSize.Exact(bytes)));

    public void Dispose() => _home.Dispose();
}
