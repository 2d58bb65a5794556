using Hyperspace.Machines.Definitions;
using Hyperspace.Tests.Unit.Definitions;

namespace Hyperspace.Tests.Unit.Commands;

public sealed class VmCreateTests : IDisposable
{
    private readonly VmBench _bench = new();

    [Fact]
    public void The_READMEs_first_VM_is_made_and_reads_back_as_asked()
    {
        string iso = _bench.Home.Put("Downloads/installer.iso");

        Assert.Equal(0, _bench.Run("create", "demo", "--memory", "2GiB", "--disk", "20GiB", "--iso", iso));

        Assert.Equal(
            "demo: 2 GiB memory, 2 CPUs, on port 1; @/config/vms/demo.yaml\n  disk @/state/vms/demo/disk1.qcow2, 20 GiB\n  CD   @/Downloads/installer.iso\nStart it: hyperspace vm start demo\n",
            _bench.Said);
        VmDefinition vm = Assert.Single(_bench.Home.Store.Load()).Definition!;
        Assert.Equal(("demo", 1, 2048, iso), (vm.Name, vm.Port, vm.MemoryMiB, vm.Cdrom));
        DiskDefinition disk = Assert.Single(vm.Disks);
        Assert.Equal((Path.Combine(_bench.Home.Paths.VmState("demo"), "disk1.qcow2"), DiskFormat.Qcow2, DiskMode.Persistent), (disk.File, disk.Format, disk.Mode));
        Assert.Equal(20L << 30, DiskImage.GuestSize(disk.File));
        Assert.Equal(["Downloads/installer.iso", "config/definition.schema.json", "config/vms/demo.yaml", "state/vms/demo/disk1.qcow2"], _bench.Home.Files());
    }

    [Fact]
    public void Every_option_is_read_back_as_asked()
    {
        string image = _bench.Home.PutQcow2("images/a b.img");
        string raw = _bench.Home.Put("images/raw.img", new string('\0', 512));

        Assert.Equal(0, _bench.Run(
            "create", "demo", "--label", "Demo: #1", "--color", "#0A1b2c", "--port", "7", "--memory", "768MiB", "--cpus", "3", "--kernel", "/bin/sh", "--initrd", "/bin/cat", "--cmdline", "quiet splash: \"x\"",
            "--disk", image, "--disk", "1GiB", "--disk", raw, "--network", "user", "--forward", "tcp:2222:22", "--forward", "udp:53:53", "--display", "1024x768", "--input", "usb", "--accelerator", "tcg",
            "--autostart", "--description", "one\ntwo"));

        VmDefinition vm = Assert.Single(_bench.Home.Store.Load()).Definition!;
        Assert.Equal(("Demo: #1", "#0a1b2c", 7, 768, 3), (vm.Label, vm.Color, vm.Port, vm.MemoryMiB, vm.Cpus));
        Assert.Equal((Firmware.Linux, new KernelDefinition("/bin/sh", "/bin/cat", "quiet splash: \"x\"")), (vm.Firmware, vm.Kernel));
        Assert.Equal([(image, DiskFormat.Qcow2), (Path.Combine(_bench.Home.Paths.VmState("demo"), "disk1.qcow2"), DiskFormat.Qcow2), (raw, DiskFormat.Raw)], vm.Disks.Select(d => (d.File, d.Format)));
        Assert.Equal([new PortForward("tcp", 2222, 22), new PortForward("udp", 53, 53)], vm.Network.Forwards);
        Assert.Equal((new DisplayDefinition(1024, 768), InputDevices.Usb, AcceleratorChoice.Tcg, true, "one\ntwo"), (vm.Display, vm.Input, vm.Accelerator, vm.Autostart, vm.Description));
    }

    [Fact]
    public void Ports_are_filled_up_and_neighbours_have_different_colours()
    {
        for (int i = 1; i <= 9; i++)
        {
            Assert.Equal(0, _bench.Run("create", $"vm{i}"));
        }

        VmDefinition[] vms = [.. _bench.Home.Store.Load().Select(d => d.Definition!).OrderBy(vm => vm.Port)];
        Assert.Equal(Enumerable.Range(1, 9), vms.Select(vm => vm.Port!.Value));
        Assert.Equal(7, vms.Take(7).Select(vm => vm.Color).Distinct().Count());
        Assert.All(vms.Zip(vms.Skip(1)), pair => Assert.NotEqual(pair.First.Color, pair.Second.Color));

        Assert.Equal(0, _bench.Run("create", "tenth"));
        Assert.Contains("on no port, because all nine are taken", _bench.Out, StringComparison.Ordinal);
        Assert.Equal(0, _bench.Run("create", "eleventh", "--port", "none"));
        Assert.Contains("on no port;", _bench.Out, StringComparison.Ordinal);
        Assert.All(_bench.Home.Store.Load(), d => Assert.NotNull(d.Definition));
    }

    [Fact]
    public void A_gap_on_the_ports_gets_a_colour_that_neither_neighbour_has()
    {
        _bench.Home.Define("left", "port: 1\ncolor: blue\n");
        _bench.Home.Define("right", "port: 3\ncolor: green\n");
        Assert.Equal(0, _bench.Run("create", "middle"));
        VmDefinition vm = _bench.Home.Store.Load()[1].Definition!;
        Assert.Equal((2, "#ef4444"), (vm.Port, vm.Color));
    }

    [Theory]
    [InlineData("port: 4 is the port of other already", "--port", "4")]
    [InlineData("port: 12 is not right; expected a whole number from 1 to 9", "--port", "12")]
    [InlineData("--port first is not a port; expected 1 to 9, or none.", "--port", "first")]
    [InlineData("memory: 12 GiB is more than this machine has; expected at most 8 GiB.", "--memory", "12GiB")]
    [InlineData("color: \"pink\" is not right", "--color", "pink")]
    [InlineData("cdrom: there is no file /nowhere.iso", "--iso", "/nowhere.iso")]
    [InlineData("--disk 20GB is neither a size nor a file that exists; expected one such as 20GiB", "--disk", "20GB")]
    [InlineData("--disk 0MiB is no size for a disk", "--disk", "0MiB")]
    [InlineData("--display wide is not a size; expected one such as 1280x776.", "--display", "wide")]
    [InlineData("--initrd and --cmdline are for a kernel", "--cmdline", "quiet")]
    [InlineData("kernel.image: there is no file /nowhere", "--kernel", "/nowhere")]
    [InlineData("network.forwards[0]: \"80\" is not right", "--forward", "80")]
    public void When_a_step_fails_nothing_is_left(string problem, params string[] options)
    {
        _bench.Home.Define("other", "port: 4\n");
        Assert.Equal(1, _bench.Run(["create", "demo", "--disk", "1GiB", "--disk", "2GiB", .. options]));
        Assert.Contains(problem, _bench.Error, StringComparison.Ordinal);
        Assert.Equal(["config/vms/other.yaml"], _bench.Home.Files());
        Assert.False(Directory.Exists(_bench.Home.Paths.State), "an empty folder is left");
        Assert.Empty(_bench.Daemon.Asked);
    }

    [Fact]
    public void Errors_of_the_definition_are_told_without_a_file_that_does_not_exist()
    {
        Assert.Equal(1, _bench.Run("create", "demo", "--memory", "12GiB", "--port", "0"));
        Assert.Equal(
            "demo has not been made, because its definition would have errors:\n  port: 0 is not right; expected a whole number from 1 to 9.\n    for example: port: 1\n"
            + "  memory: 12 GiB is more than this machine has; expected at most 8 GiB.\n    for example: memory: 4GiB\n", _bench.Error);
    }

    [Fact]
    public async Task Interrupted_nothing_is_left()
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync();
        Assert.Equal(130, await _bench.RunAsync(cancel.Token, "create", "demo", "--disk", "1GiB"));
        Assert.Empty(_bench.Home.Files());
    }

    [Fact]
    public void A_VM_that_exists_is_not_touched()
    {
        _bench.Home.Define("demo", "# mine\nport: 1\n");
        Assert.Equal(1, _bench.Run("create", "demo", "--disk", "1GiB"));
        Assert.Equal("There is a VM \"demo\" already (@/config/vms/demo.yaml).\n", _bench.Said);
        Assert.Equal("# mine\nport: 1\n", _bench.Text("demo"));
        Assert.Single(_bench.Home.Files());
    }

    [Fact]
    public void The_disk_of_an_earlier_VM_of_that_name_is_not_overwritten()
    {
        string disk = _bench.Home.PutQcow2("state/vms/demo/disk1.qcow2");
        byte[] before = File.ReadAllBytes(disk);
        Assert.Equal(1, _bench.Run("create", "demo", "--disk", "1GiB"));
        Assert.Contains($"There is an image {disk} already, of an earlier VM \"demo\"; use it with --disk {disk}", _bench.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(disk));

        Assert.Equal(0, _bench.Run("create", "demo", "--disk", disk));
        Assert.Contains("file: disk1.qcow2\n", _bench.Text("demo"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Demo")]
    [InlineData("../demo")]
    [InlineData("a b")]
    public void What_is_no_name_is_refused(string name)
    {
        Assert.Equal(1, _bench.Run("create", name));
        Assert.Contains($"\"{name}\" is no name for a VM; expected lower-case letters", _bench.Error, StringComparison.Ordinal);
        Assert.Empty(_bench.Home.Files());
    }

    [Fact]
    public void A_daemon_that_is_there_is_told()
    {
        _bench.Daemon.IsThere = true;
        Assert.Equal(0, _bench.Run("create", "demo"));
        Assert.Equal(["reload"], _bench.Daemon.Asked);
    }

    [Fact]
    public void The_schema_that_the_file_names_is_beside_it()
    {
        Assert.Equal(0, _bench.Run("create", "demo"));
        string first = _bench.Text("demo").Split('\n')[0];
        string path = Path.Combine(_bench.Home.Paths.Definitions, first["# yaml-language-server: $schema=".Length..]);
        Assert.Equal(0, _bench.Run("schema"));
        Assert.Equal(_bench.Out, File.ReadAllText(path));
    }

    [Fact]
    public void An_image_is_imported_where_it_is()
    {
        string image = _bench.Home.PutQcow2("images/My Disk.qcow2");
        Assert.Equal(0, _bench.Run("import", image));
        VmDefinition vm = Assert.Single(_bench.Home.Store.Load()).Definition!;
        Assert.Equal(("my-disk", image), (vm.Name, Assert.Single(vm.Disks).File));
        Assert.Equal(["config/definition.schema.json", "config/vms/my-disk.yaml", "images/My Disk.qcow2"], _bench.Home.Files());
    }

    [Fact]
    public void An_image_is_copied_with_progress_and_the_original_is_as_it_was()
    {
        string image = _bench.Home.Put("images/old.img", "boot");
        byte[] content = new byte[4 << 20];
        new Random(1).NextBytes(content);
        (content[510], content[511]) = (0x55, 0xAA);
        File.WriteAllBytes(image, content);
        _bench.Typed = "";

        Assert.Equal(0, _bench.Run("import", image, "--copy", "--name", "old", "--memory", "1GiB"));

        VmDefinition vm = Assert.Single(_bench.Home.Store.Load()).Definition!;
        Assert.Equal((1024, Firmware.Bios), (vm.MemoryMiB, vm.Firmware));
        string copy = Assert.Single(vm.Disks).File;
        Assert.Equal(Path.Combine(_bench.Home.Paths.VmState("old"), "disk1.raw"), copy);
        Assert.Equal(content, File.ReadAllBytes(copy));
        Assert.Equal(content, File.ReadAllBytes(image));
        Assert.Contains("copying to ", _bench.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(_bench.Home.Files(), f => f.EndsWith(".new", StringComparison.Ordinal));
    }

    [Fact]
    public void An_ISO_is_imported_as_a_CD()
    {
        string iso = _bench.Home.Put("live.iso", new string('\0', 0x8001) + "CD001" + new string('\0', 100));
        Assert.Equal(0, _bench.Run("import", iso, "--name", "live"));
        VmDefinition vm = Assert.Single(_bench.Home.Store.Load()).Definition!;
        Assert.Equal((iso, 0), (vm.Cdrom, vm.Disks.Count));
    }

    [Fact]
    public void A_domain_is_imported_with_warnings_and_without_what_the_command_line_says_otherwise()
    {
        _bench.Home.PutQcow2("images/builder.qcow2");
        _bench.Home.Put("boot/vmlinuz");
        _bench.Home.Put("boot/initrd.img");
        string xml = File.ReadAllText(Path.Combine(Repository.Folder, "tests/Unit/Definitions/Import/builder.xml")).Replace("@FOLDER@", _bench.Home.Folder, StringComparison.Ordinal);

        Assert.Equal(0, _bench.Run("import", _bench.Home.Put("builder.xml", xml), "--port", "5", "--network", "none", "--memory", "2GiB"));

        Assert.Equal("Warning: The floppy fda is not taken over.\nWarning: The port forward tcp 8000-8010 is not taken over: only single ports are possible.\n", _bench.Error);
        VmDefinition vm = Assert.Single(_bench.Home.Store.Load()).Definition!;
        Assert.Equal(("builder", 5, NetworkMode.None, 2048, Firmware.Linux), (vm.Name, vm.Port, vm.Network.Mode, vm.MemoryMiB, vm.Firmware));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_image_that_needs_another_file_of_this_host_is_neither_used_nor_copied(bool copy)
    {
        string image = _bench.Home.PutQcow2("evil.qcow2", backing: "/etc/shadow");
        Assert.Equal(1, _bench.Run(["import", image, .. copy ? new[] { "--copy" } : []]));
        Assert.Contains($"{image} needs another file, /etc/shadow.", _bench.Error, StringComparison.Ordinal);
        Assert.Equal(["evil.qcow2"], _bench.Home.Files());
    }

    [Theory]
    [InlineData("<network/>", "cannot be imported. Its root is <network>")]
    [InlineData("hello", "is no disk image")]
    public void What_cannot_be_imported_is_told_and_leaves_nothing(string content, string problem)
    {
        string file = _bench.Home.Put("x", content);
        Assert.Equal(1, _bench.Run("import", file));
        Assert.StartsWith(file, _bench.Error, StringComparison.Ordinal);
        Assert.Contains(problem, _bench.Error, StringComparison.Ordinal);
        Assert.Equal(["x"], _bench.Home.Files());
    }

    [Fact]
    public void A_file_that_is_not_there_is_told()
    {
        Assert.Equal(1, _bench.Run("import", "/nowhere.qcow2"));
        Assert.Equal("There is no file /nowhere.qcow2; expected an image, an ISO or the XML of a libvirt domain.\n", _bench.Error);
    }

    public void Dispose() => _bench.Dispose();
}
