using System.Diagnostics;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>Images made by the real qemu-img.</summary>
public sealed class DiskImageTests : IDisposable
{
    private readonly Home _home = new();

    [Fact]
    public async Task A_new_image_is_qcow2_of_that_size()
    {
        string file = Path.Combine(_home.Folder, "a.qcow2");
        await DiskImage.CreateAsync(file, DiskFormat.Qcow2, 20L << 30, CancellationToken.None);
        Assert.Equal((true, 20L << 30, null), (DiskMagic.IsQcow2(file)!.Value, DiskImage.GuestSize(file)!.Value, DiskImage.OtherFileOf(file)));
        Assert.Equal(["a.qcow2"], _home.Files());
    }

    [Fact]
    public async Task Nothing_is_overwritten()
    {
        string file = _home.Put("a.qcow2", "precious");
        MachineException e = await Assert.ThrowsAsync<MachineException>(() => DiskImage.CreateAsync(file, DiskFormat.Qcow2, 1 << 20, CancellationToken.None));
        Assert.Contains("exists already", e.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(file));
    }

    [Fact]
    public async Task What_qemu_img_refuses_is_told_and_leaves_nothing()
    {
        string file = Path.Combine(_home.Folder, "a.qcow2");
        string noImage = _home.Put("text", "hello");
        MachineException e = await Assert.ThrowsAsync<MachineException>(() => DiskImage.CopyAsync(noImage, DiskFormat.Qcow2, file, null, CancellationToken.None));
        Assert.StartsWith("qemu-img convert failed: qemu-img: Could not open ", e.Message, StringComparison.Ordinal);
        Assert.Equal(["text"], _home.Files());
    }

    [Fact]
    public async Task A_copy_has_the_same_content_and_tells_how_far_it_is()
    {
        string from = Path.Combine(_home.Folder, "from.raw");
        byte[] content = new byte[8 << 20];
        new Random(1).NextBytes(content.AsSpan(1 << 20, 2 << 20));
        File.WriteAllBytes(from, content);
        var told = new List<double>();
        string to = Path.Combine(_home.Folder, "to.raw");

        await DiskImage.CopyAsync(from, DiskFormat.Raw, to, told.Add, CancellationToken.None);

        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(to)));
        Assert.Equal(100, told[^1]);
        Assert.Equal(["from.raw", "to.raw"], _home.Files());
    }

    [Fact]
    public async Task A_copy_that_is_interrupted_leaves_nothing()
    {
        string from = Path.Combine(_home.Folder, "from.raw");
        File.WriteAllBytes(from, new byte[1 << 20]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DiskImage.CopyAsync(from, DiskFormat.Raw, Path.Combine(_home.Folder, "to.raw"), null, new CancellationToken(canceled: true)));
        Assert.Equal(["from.raw"], _home.Files());
    }

    [Fact]
    public void The_other_file_of_real_images_is_found()
    {
        string back = Path.Combine(_home.Folder, "base.qcow2");
        string over = Path.Combine(_home.Folder, "over.qcow2");
        string data = Path.Combine(_home.Folder, "data.qcow2");
        Run("create", "-q", "-f", "qcow2", back, "1M");
        Run("create", "-q", "-f", "qcow2", "-b", back, "-F", "qcow2", over);
        Run("create", "-q", "-f", "qcow2", "-o", $"data_file={_home.Folder}/ext.raw", data, "1M");
        Assert.Equal((null, back, "an external data file"), (DiskImage.OtherFileOf(back), DiskImage.OtherFileOf(over), DiskImage.OtherFileOf(data)));
    }

    private static void Run(params string[] arguments)
    {
        using Process process = Process.Start("qemu-img", arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    public void Dispose() => _home.Dispose();
}
