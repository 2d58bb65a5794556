using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Instant;

namespace Hyperspace.Tests.Unit.Instant;

/// <summary>What lies on the disk of a template: written, read back, found changed, replaced whole.</summary>
public sealed class TemplateStoreTests : IDisposable
{
    private static readonly TemplateHost Host = new("QEMU 10.0.2", "pc-q35-10.0", "kvm", "Good CPU", "f1", "d1");

    private readonly string _folder = Directory.CreateTempSubdirectory("hsi").FullName;
    private readonly TemplateStore _store;

    public TemplateStoreTests() => _store = new TemplateStore(HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _folder : null, root: false));

    [Fact]
    public void A_template_is_read_back_as_it_was_written()
    {
        TemplateManifest saved = Save("one");
        Template found = _store.Find("vm")!;
        Assert.Equal(saved.Host, found.Manifest.Host);
        Assert.Equal(saved.Parts, found.Manifest.Parts);
        Assert.Equal((saved.SavedAt, saved.IsCheckpoint, saved.Bytes), (found.Manifest.SavedAt, found.Manifest.IsCheckpoint, found.Manifest.Bytes));
        TemplateStore.Verify(found, CancellationToken.None);
        Assert.Null(found.Manifest.Misfit(Host));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("{\"Format\": 1, \"Host\": null}")]
    public void A_damaged_manifest_is_said_and_no_exception_of_another_kind(string text)
    {
        Save("one");
        File.WriteAllText(Path.Combine(_store.Folder("vm"), "manifest.json"), text);
        Assert.Contains("manifest is damaged", Assert.Throws<MachineException>(() => _store.Find("vm")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_format_is_another_versions()
    {
        Save("one");
        string file = Path.Combine(_store.Folder("vm"), "manifest.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"Format\": 1", "\"Format\": 2", StringComparison.Ordinal));
        Assert.Contains("another version of Hyperspace (format 2", Assert.Throws<MachineException>(() => _store.Find("vm")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcg", "Good CPU", "f1", "QEMU 10.0.2", "d1", "saved with kvm")]
    [InlineData("kvm", "Better CPU", "f1", "QEMU 10.0.2", "d1", "saved on the CPU Good CPU, and this is Better CPU")]
    [InlineData("kvm", "Good CPU", "f2", "QEMU 10.0.2", "d1", "other features")]
    [InlineData("kvm", "Good CPU", "f1", "QEMU 10.1.0", "d1", "saved by QEMU 10.0.2, and this is QEMU 10.1.0")]
    [InlineData("kvm", "Good CPU", "f1", "QEMU 10.0.2", "d2", "other devices")]
    public void What_does_not_fit_is_said(string accelerator, string model, string features, string engine, string devices, string why)
    {
        TemplateManifest manifest = Save("one");
        Assert.Contains(why, manifest.Misfit(new TemplateHost(engine, "pc-q35-10.0", accelerator, model, features, devices)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_outlives_a_newer_QEMU() => Assert.Null((Save("one") with { IsCheckpoint = true }).Misfit(Host with { Engine = "QEMU 11.0.0" }));

    [Fact]
    public void A_file_that_the_guest_knew_is_gone_or_another_one()
    {
        string disk = Path.Combine(_folder, "disk");
        File.WriteAllText(disk, "1");
        TemplateManifest manifest = Save("one") with { Files = [FileIdentity.Of(disk)!] };
        Assert.Null(manifest.Misfit(Host));
        File.Move(disk, disk + ".old");
        Assert.EndsWith("is gone", manifest.Misfit(Host), StringComparison.Ordinal);
        File.WriteAllText(disk, "12");
        Assert.EndsWith("has another size", manifest.Misfit(Host), StringComparison.Ordinal);
    }

    [Fact]
    public void No_space_is_said_beforehand_and_keeps_what_there_is()
    {
        Save("one");
        var e = Assert.Throws<MachineException>(() => _store.Begin("vm", 1L << 60));
        Assert.Contains("There is no space for a template of vm", e.Message, StringComparison.Ordinal);
        Assert.Contains("The old template stays as it is.", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_store.NewFolder("vm")));
        TemplateStore.Verify(_store.Find("vm")!, CancellationToken.None);
    }

    [Fact]
    public void A_new_one_takes_the_place_of_the_old_one_and_leaves_nothing_of_it()
    {
        Save("one");
        Save("two");
        Assert.Equal("two", File.ReadAllText(_store.Find("vm")!.State));
        Assert.Equal([_store.Folder("vm")], Directory.GetDirectories(Path.GetDirectoryName(_store.Folder("vm"))!));
    }

    [Fact]
    public void Changed_content_is_found_by_its_checksum_and_a_mark_keeps_it_from_use()
    {
        Save("one");
        Template found = _store.Find("vm")!;
        File.WriteAllText(found.State, "0ne");
        Assert.Contains("is not what was saved", Assert.Throws<MachineException>(() => TemplateStore.Verify(found, CancellationToken.None)).Message, StringComparison.Ordinal);
        _store.MarkDamaged("vm", "it is no good");
        Assert.Equal("it is no good", Assert.Throws<MachineException>(() => _store.Find("vm")).Message);
        Save("two");
        Assert.NotNull(_store.Find("vm"));
    }

    [Fact]
    public void Pages_of_zeroes_become_holes_and_the_checksum_does_not_see_the_difference()
    {
        string path = Path.Combine(_folder, "sparse");
        var content = new byte[(4 << 20) + 100];
        content[5000] = content[3 << 20] = content[^1] = 1;
        File.WriteAllBytes(path, content);
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        string before = SparseFile.Checksum(file, CancellationToken.None);
        Assert.Equal(2 * 4096 + 100, SparseFile.Punch(file, CancellationToken.None));
        Assert.Equal(before, SparseFile.Checksum(file, CancellationToken.None));
        Assert.Equal(content, File.ReadAllBytes(path));
        RandomAccess.Write(file, new byte[] { 7 }, 1 << 20);
        Assert.NotEqual(before, SparseFile.Checksum(file, CancellationToken.None));
    }

    private TemplateManifest Save(string state)
    {
        string folder = _store.Begin("vm", 1 << 20);
        File.WriteAllText(Path.Combine(folder, TemplateStore.State), state);
        File.WriteAllBytes(Path.Combine(folder, TemplateStore.Ram), new byte[8192]);
        TemplatePart Part(string name) => TemplateStore.Part(folder, name, CancellationToken.None);
        var manifest = new TemplateManifest(TemplateManifest.CurrentFormat, Host, false, DateTimeOffset.UtcNow, 1.5, 8192, [], Part(TemplateStore.Ram), Part(TemplateStore.State), [null]);
        _store.Commit("vm", manifest);
        return manifest;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
