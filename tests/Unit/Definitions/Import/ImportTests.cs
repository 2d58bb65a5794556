using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Import;

namespace Hyperspace.Tests.Unit.Definitions.Import;

public sealed class ImportTests : IDisposable
{
    private readonly Home _home = new();

    [Fact]
    public void A_Windows_workstation_is_taken_over_and_what_cannot_be_is_listed()
    {
        VmDraft draft = Read("workstation.xml");

        Assert.Equal("work-station-11", draft.Name);
        Assert.Equal(
            """{"label":"Office & mail","description":"Windows 11, joined to the domain.\nAsk Ann before changes.","memory":"4GiB","cpus":4,"firmware":"uefi","restart":{"policy":"never"},"input":"usb","cdrom":"@/iso/virtio-win.iso","network":"user"}""",
            Json(draft));
        Assert.Equal(
            [new DraftDisk($"{_home.Folder}/images/win11.qcow2", 0, DiskFormat.Qcow2), new DraftDisk($"{_home.Folder}/images/shared data.img", 0, DiskFormat.Raw, DiskMode.ReadOnly)],
            draft.Disks);
        Assert.Equal(
            [
                "The name \"Work_Station 11\" becomes \"work-station-11\": names here are lower-case letters, digits and hyphens.",
                "Secure boot is not taken over: the firmware here starts without it.",
                "The firmware's variables (/var/lib/libvirt/qemu/nvram/win11_VARS.fd) are not taken over: boot entries are found anew from the disks.",
                "The disk sda was on sata and is on virtio here: the guest needs its driver for that (Linux has it, Windows needs virtio-win).",
                "The disk vdb is not taken over: it is of type block, and only files are possible.",
                "The network interface of type network (default) becomes the user network: outward only.",
                "The network card e1000e becomes one of virtio: the guest needs its driver for that (Linux has it, Windows needs virtio-win).",
                "<cputune> is not taken over.",
                "<commandline> is not taken over.",
                "A device <tpm> is not taken over.",
                "A device <sound> is not taken over.",
                "2 devices <redirdev> are not taken over.",
                "The clock's offset \"localtime\" is not taken over: the guest's hardware clock is in UTC.",
            ],
            draft.Warnings);
    }

    [Fact]
    public void A_directly_booted_builder_is_taken_over_with_its_port_forwards()
    {
        VmDraft draft = Read("builder.xml", "ci");

        Assert.Equal("ci", draft.Name);
        Assert.Equal(
            """{"memory":"954MiB","cpus":2,"firmware":"linux","kernel":{"image":"@/boot/vmlinuz","initrd":"@/boot/initrd.img","cmdline":"root=/dev/vda1 console=ttyS0 \"quiet\""},"restart":{"policy":"on-crash"},"network":{"mode":"user","forwards":["tcp:2022:22","udp:5353:5353"]}}""",
            Json(draft));
        Assert.Equal([new DraftDisk($"{_home.Folder}/images/builder.qcow2", 0, DiskFormat.Qcow2, DiskMode.Ephemeral)], draft.Disks);
        Assert.Equal(
            ["The floppy fda is not taken over.", "The port forward tcp 8000-8010 is not taken over: only single ports are possible."],
            draft.Warnings);
    }

    [Theory]
    [InlineData("workstation.xml")]
    [InlineData("builder.xml")]
    public async Task What_was_read_makes_a_definition(string file)
    {
        _home.PutQcow2("images/win11.qcow2");
        _home.PutQcow2("images/builder.qcow2");
        _home.Put("images/shared data.img", new string('\0', 512));
        _home.Put("iso/virtio-win.iso");
        _home.Put("boot/vmlinuz");
        _home.Put("boot/initrd.img");
        VmDraft draft = Read(file);

        VmDefinition vm = await new VmMaker(_home.Paths, _home.Store, null).MakeAsync(draft, CancellationToken.None);

        Assert.Equal(draft.Disks.Select(d => (d.File, d.Mode)), vm.Disks.Select(d => ((string?)d.File, d.Mode)));
        Assert.Equal((draft.Name, 1, "#3b82f6"), (vm.Name, vm.Port, vm.Color));
        Assert.NotNull(Assert.Single(_home.Store.Load()).Definition);
    }

    [Theory]
    [InlineData("<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain type='kvm'><name>&x;</name></domain>", "DTD")]
    [InlineData("<domain type='kvm'><name>a</name>", "Line 1: this is not the XML of a libvirt domain")]
    [InlineData("<network><name>a</name></network>", "Its root is <network>; expected <domain>")]
    [InlineData("<domain type='xen'><name>a</name></domain>", "a domain of type \"xen\"; expected kvm or qemu")]
    [InlineData("<domain><name>a</name></domain>", "a domain of type \"\"; expected kvm or qemu")]
    [InlineData("<domain type='kvm'><name>a</name><os><type arch='aarch64'>hvm</type></os></domain>", "Its CPU is aarch64; expected x86_64")]
    [InlineData("<domain type='kvm'><name>a</name><memory>lots</memory></domain>", "Its memory is \"lots\"; expected a number")]
    [InlineData("<domain type='kvm'><name>a</name><memory unit='parsec'>1</memory></domain>", "unit \"parsec\"")]
    [InlineData("<domain type='kvm'><name>a</name><memory unit='TiB'>99999999999999</memory></domain>", "expected a number")]
    [InlineData("<domain type='kvm'><name>a</name><vcpu>0</vcpu></domain>", "Its vcpu is \"0\"; expected 1 to 255")]
    [InlineData("", "this is not the XML of a libvirt domain")]
    [InlineData("<!-- nothing -->", "this is not the XML of a libvirt domain")]
    public void What_is_no_domain_that_can_run_here_is_refused_with_a_sentence(string xml, string problem)
    {
        MachineException e = Assert.Throws<MachineException>(() => LibvirtDomain.Read(xml, "/", null));
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_without_end_is_refused_and_exhausts_no_stack()
    {
        MachineException e = Assert.Throws<MachineException>(() => LibvirtDomain.Read(string.Concat(Enumerable.Repeat("<domain>", 100_000)), "/", null));
        Assert.Contains("deeper than 64 levels", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("work", "work")]
    [InlineData("Win 10 (old)", "win-10--old")]
    [InlineData("10", "vm-10")]
    [InlineData("", "vm")]
    [InlineData("---", "vm")]
    [InlineData("Büro", "b-ro")]
    [InlineData("a234567890123456789012345678901234567890", "a234567890123456789012345678901")]
    [InlineData("a23456789012345678901234567890-x", "a23456789012345678901234567890")]
    public void Any_text_makes_a_name(string text, string name)
    {
        Assert.Equal(name, LibvirtDomain.NameOf(text));
        Assert.True(Hyperspace.Machines.Definitions.Schema.VmSchema.IsName(name));
    }

    [Theory]
    [InlineData("QFI\u00fb............", ImportKind.Qcow2)]
    [InlineData("<domain type='kvm'/>", ImportKind.Libvirt)]
    [InlineData("\u00ef\u00bb\u00bf \n<?xml version='1.0'?>", ImportKind.Libvirt)]
    public void Files_are_told_apart_by_their_first_bytes(string content, ImportKind kind) => Assert.Equal(kind, ImageKind.Of(Latin("x", content)));

    [Fact]
    public void An_ISO_and_a_raw_image_are_told_apart()
    {
        Assert.Equal(ImportKind.Iso, ImageKind.Of(Latin("x", new string('\0', 0x8001) + "CD001" + new string('\0', 100))));
        Assert.Equal(ImportKind.Raw, ImageKind.Of(Latin("x", new string('\0', 1024))));
    }

    [Theory]
    [InlineData("KDMV", "VMDK")]
    [InlineData("# Disk DescriptorFile\n", "VMDK")]
    [InlineData("vhdxfile", "VHDX")]
    [InlineData("conectix", "VHD")]
    [InlineData("\u001f\u008b\u0008", "a gzip archive")]
    [InlineData("\u00fd7zXZ", "an xz archive")]
    [InlineData("PK\u0003\u0004", "a zip archive")]
    public void What_only_looks_like_a_raw_image_is_refused_by_name(string magic, string format)
    {
        MachineException e = Assert.Throws<MachineException>(() => ImageKind.Of(Latin("x", magic.PadRight(512, '\0'))));
        Assert.Contains($"is {format}; expected qcow2", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "not a multiple of 512 bytes")]
    public void What_is_no_image_is_refused(string content, string problem) => Assert.Contains(problem, Assert.Throws<MachineException>(() => ImageKind.Of(Latin("x", content))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(false, false, false, null)]
    [InlineData(true, false, false, Firmware.Bios)]
    [InlineData(true, true, false, Firmware.Uefi)]
    [InlineData(true, false, true, Firmware.Uefi)]
    public async Task What_starts_a_disk_is_seen_by_its_partitions(bool bootSector, bool gpt, bool mbr, Firmware? firmware)
    {
        byte[] disk = new byte[34 * 512];
        if (bootSector)
        {
            (disk[510], disk[511]) = (0x55, 0xAA);
        }

        if (gpt)
        {
            "EFI PART"u8.CopyTo(disk.AsSpan(512));
            Guid.Parse("C12A7328-F81F-11D2-BA4B-00A0C93EC93B").ToByteArray().CopyTo(disk, 1024 + 128);
        }

        disk[446 + 16 + 4] = mbr ? (byte)0xEF : (byte)0x83;
        string raw = _home.Put("raw.img");
        File.WriteAllBytes(raw, disk);
        string qcow2 = Path.Combine(_home.Folder, "disk.qcow2");
        Assert.Equal(0, System.Diagnostics.Process.Start("qemu-img", ["convert", "-O", "qcow2", "-f", "raw", raw, qcow2]) is { } convert && convert.WaitForExit(60_000) ? convert.ExitCode : -1);

        Assert.Equal(firmware, await ImageKind.FirmwareOfAsync(raw, DiskFormat.Raw, CancellationToken.None));
        Assert.Equal(firmware, await ImageKind.FirmwareOfAsync(qcow2, DiskFormat.Qcow2, CancellationToken.None));
    }

    private VmDraft Read(string file, string? name = null)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Folder, "tests/Unit/Definitions/Import", file));
        return LibvirtDomain.Read(text.Replace("@FOLDER@", _home.Folder, StringComparison.Ordinal), _home.Folder, name);
    }

    private string Json(VmDraft draft) => draft.Keys.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).Replace(_home.Folder, "@", StringComparison.Ordinal);

    private string Latin(string name, string content)
    {
        string file = _home.Put(name, "");
        File.WriteAllBytes(file, System.Text.Encoding.Latin1.GetBytes(content));
        return file;
    }

    public void Dispose() => _home.Dispose();
}
