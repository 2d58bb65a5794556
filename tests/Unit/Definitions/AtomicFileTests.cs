using System.Diagnostics;
using Hyperspace.Linux.Files;

namespace Hyperspace.Tests.Unit.Definitions;

public sealed class AtomicFileTests : IDisposable
{
    private const UnixFileMode Odd = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly Home _home = new();

    [Fact]
    public void A_new_file_is_readable_by_all_and_writable_by_its_owner()
    {
        string file = Path.Combine(_home.Folder, "a");
        AtomicFile.WriteAllText(file, "ä\n");
        Assert.Equal([0xC3, 0xA4, (byte)'\n'], File.ReadAllBytes(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file) & (UnixFileMode)0b110_010_010 | UnixFileMode.UserRead);
    }

    [Theory]
    [InlineData(Odd)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    public void A_file_that_exists_keeps_its_mode_whatever_the_umask(UnixFileMode mode)
    {
        string file = _home.Put("a", "old");
        File.SetUnixFileMode(file, mode);
        AtomicFile.WriteAllText(file, "new");
        Assert.Equal(("new", mode), (File.ReadAllText(file), File.GetUnixFileMode(file)));
        Assert.Equal(["a"], _home.Files());
    }

    [Fact]
    public void A_link_stays_a_link_and_what_it_leads_to_is_written()
    {
        string target = _home.Put("there/real", "old");
        string link = Path.Combine(_home.Folder, "link");
        string toLink = Path.Combine(_home.Folder, "toLink");
        File.CreateSymbolicLink(link, "there/real");
        File.CreateSymbolicLink(toLink, link);
        AtomicFile.WriteAllText(toLink, "new");
        Assert.Equal(("new", "there/real", link), (File.ReadAllText(target), new FileInfo(link).LinkTarget, new FileInfo(toLink).LinkTarget));
        Assert.Null(new FileInfo(target).LinkTarget);
    }

    [Fact]
    public void A_link_that_leads_to_nothing_yet_makes_its_target()
    {
        string link = Path.Combine(_home.Folder, "link");
        File.CreateSymbolicLink(link, Path.Combine(_home.Folder, "real"));
        AtomicFile.WriteAllText(link, "new");
        Assert.Equal("new", File.ReadAllText(Path.Combine(_home.Folder, "real")));
    }

    [Fact]
    public void What_must_not_be_overwritten_is_not()
    {
        string file = _home.Put("a", "old");
        Assert.Throws<IOException>(() => AtomicFile.WriteAllBytes(file, "new"u8, overwrite: false));
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal(["a"], _home.Files());
        AtomicFile.WriteAllBytes(Path.Combine(_home.Folder, "b"), "new"u8, overwrite: false);
        Assert.Equal(["a", "b"], _home.Files());
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named()
    {
        IOException e = Assert.ThrowsAny<IOException>(() => AtomicFile.WriteAllText(Path.Combine(_home.Folder, "gone/a"), "x"));
        Assert.Contains("gone/", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_writers_at_once_leave_one_of_their_texts_whole()
    {
        string file = Path.Combine(_home.Folder, "a");
        string[] texts = [.. Enumerable.Range(0, 16).Select(i => new string((char)('a' + i), 20_000))];
        await Task.WhenAll(texts.Select(text => Task.Run(() => AtomicFile.WriteAllText(file, text))));
        Assert.Contains(File.ReadAllText(file), texts);
        Assert.Equal(["a"], _home.Files());
    }

    /// <summary>
    /// The program itself writes under a limit of the kernel's on the size of files (RLIMIT_FSIZE), as on a disk that is full: write(2) fails in the middle of the content.
    /// </summary>
    [Fact]
    public async Task A_disk_that_is_full_leaves_the_old_definition_and_no_temporary_file_and_says_so()
    {
        string file = _home.Define("demo", "# precious\nport: 1\n");
        string editor = _home.Put("editor.sh", "printf 'memory: 1GiB\\n' > \"$1\"; head -c 60000 /dev/zero | tr '\\0' '#' >> \"$1\"; echo >> \"$1\"\n");

        // The editor gets no limit: the copy is complete, and it is the definition that does not fit.
        (int code, string output) = await ChildProcess.RunAsync(
            _home, "ulimit -S -f 20; trap '' XFSZ; exec \"$@\"", ["vm", "edit", "demo"], ("EDITOR", $"ulimit -S -f unlimited; sh {editor}"));

        Assert.Equal(1, code);
        Assert.Contains($"{file} cannot be written: ", output, StringComparison.Ordinal);
        Assert.Contains("Nothing has changed.", output, StringComparison.Ordinal);
        Assert.Equal("# precious\nport: 1\n", File.ReadAllText(file));
        Assert.Equal(["config/vms/demo.yaml", "editor.sh"], _home.Files().Where(f => !f.StartsWith("tmp/", StringComparison.Ordinal)));

        // And what was written in the editor is kept for its user.
        string copy = Assert.Single(Directory.EnumerateFiles(Path.Combine(_home.Folder, "tmp"), "demo.yaml", SearchOption.AllDirectories));
        Assert.Contains(copy, output, StringComparison.Ordinal);
        Assert.True(new FileInfo(copy).Length > 60_000);
    }

    public void Dispose() => _home.Dispose();
}

/// <summary>The program as a process of its own.</summary>
internal static class ChildProcess
{
    /// <summary>The program and the arguments that come before its own.</summary>
    public static string[] Program { get; } =
    [
        "dotnet", "exec", "--depsfile", Path.Combine(AppContext.BaseDirectory, "Hyperspace.Tests.Unit.deps.json"),
        "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, "Hyperspace.Tests.Unit.runtimeconfig.json"), Path.Combine(AppContext.BaseDirectory, "hyperspace.dll"),
    ];

    /// <param name="shell">A script that gets the program and its arguments as its own.</param>
    /// <returns>The exit code, and what was written to output and error.</returns>
    public static async Task<(int Code, string Output)> RunAsync(Home home, string shell, string[] arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("bash", ["-c", $"{{ {shell}\n}} 2>&1", "bash", .. Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        string temporary = Directory.CreateDirectory(Path.Combine(home.Folder, "tmp")).FullName;
        foreach ((string name, string value) in variables.Concat([("HYPERSPACE_HOME", home.Folder), ("TMPDIR", temporary), ("DOTNET_EnableDiagnostics", "0"), ("DOTNET_EnableWriteXorExecute", "0"), ("VISUAL", "")]))
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
