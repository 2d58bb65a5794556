using System.Diagnostics;
using System.Globalization;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>What a QEMU can see and do, asked of the kernel about a real one, and of a shell that is put into its place.</summary>
[Collection(QemuCollection.Name)]
public sealed class SandboxTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task QEMU_has_a_user_of_its_own_no_capability_no_new_privileges_and_a_system_call_filter()
    {
        _home.Define("one");
        _home.Define("two");
        Fleet fleet = await _home.OpenFleetAsync();
        Assert.DoesNotContain(fleet.Host.Degraded, d => d.What.Contains("sandbox", StringComparison.Ordinal));
        int one = (await _home.BootAsync(fleet, "one")).Pid!.Value, two = (await _home.BootAsync(fleet, "two")).Pid!.Value;
        foreach (string set in new[] { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" })
        {
            Assert.Equal("0000000000000000", StatusOf(one, set));
        }

        Assert.Equal(("1", "2"), (StatusOf(one, "NoNewPrivs"), StatusOf(one, "Seccomp")));
        string[] users = [.. new[] { one, two }.Select(pid => StatusOf(pid, "Uid").Split('\t')[0])];
        if (Environment.IsPrivilegedProcess)
        {
            Assert.All(users, user => Assert.InRange(uint.Parse(user, CultureInfo.InvariantCulture), QemuUser.First, QemuUser.First + QemuUser.Count - 1));
            Assert.NotEqual(users[0], users[1]);
            Assert.Equal("", StatusOf(one, "Groups"));
        }
        else
        {
            Assert.All(users, user => Assert.Equal(ProcessInfo.User(Environment.ProcessId), uint.Parse(user, CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public async Task QEMU_sees_the_system_and_its_own_files_and_nothing_else()
    {
        _home.Define("one");
        _home.Define("two");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "one");
        string root = $"/proc/{vm.Pid}/root";
        string[] expected = ["bin", "dev", "etc", "lib", "lib64", "sbin", "tmp", "usr", "var"];
        string first = _home.Folder.Split('/')[1];
        Assert.Empty(Directory.GetFileSystemEntries(root).Select(entry => Path.GetFileName(entry)).Except(expected).Except([first]));
        Assert.Equal(["boot.img", "serial.log"], Directory.GetFiles(root + _home.Paths.VmState("one")).Select(f => Path.GetFileName(f)).Order());
        Assert.Equal([_home.Paths.VmState("one")], Directory.GetDirectories(root + Path.GetDirectoryName(_home.Paths.VmState("one"))!).Select(f => f[root.Length..]));
        Assert.False(Path.Exists(root + _home.Paths.Config));
        Assert.False(Path.Exists(root + "/etc/passwd"));
        Assert.False(Path.Exists(root + "/dev/kvm"));
        Assert.False(Path.Exists(root + "/sys"));
    }

    [Theory]
    [InlineData("cat {one}/boot.img >/dev/null", true)]
    [InlineData("echo x >>{one}/boot.img", true)]
    [InlineData("touch {sockets}/x", true)]
    [InlineData("rm {one}/boot.img", false)]
    [InlineData("cat {two}/boot.img", false)]
    [InlineData("cat /etc/shadow", false)]
    [InlineData("cat /etc/passwd", false)]
    [InlineData("touch /x", false)]
    [InlineData("touch /usr/x", false)]
    [InlineData("touch /etc/x", false)]
    [InlineData("mkdir /tmp/m && mount -t tmpfs none /tmp/m", false)]
    [InlineData("kill -0 {daemon}", false)]
    [InlineData("test -e /proc", false)]
    [InlineData("test -e /sys", false)]
    [InlineData("unshare --user true", false)]
    [InlineData("test -z \"$HOME$SECRET\"", true)]
    [InlineData("ip route get 192.0.2.1", false)]
    [InlineData("setpriv --reuid 0 true", false)]
    public void A_program_in_QEMUs_place_can_do_only_what_is_meant(string command, bool works)
    {
        _home.Define("one");
        _home.Define("two");
        (int code, string output) = RunInside("one", command
            .Replace("{one}", _home.Paths.VmState("one"), StringComparison.Ordinal)
            .Replace("{two}", _home.Paths.VmState("two"), StringComparison.Ordinal)
            .Replace("{sockets}", new QemuFiles(_home.Paths, "one").Sockets, StringComparison.Ordinal)
            .Replace("{daemon}", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.True(code == 0 == works, $"{command} ended with {code}: {output}");
    }

    [Fact]
    public void What_is_created_beside_its_files_never_reaches_the_host()
    {
        _home.Define("one");
        RunInside("one", $"touch {_home.Paths.VmState("one")}/x; mkdir -p {_home.Paths.Definitions}; touch {_home.Paths.Definitions}/evil.yaml {_home.Folder}/x /tmp/x-of-a-sandbox");
        Assert.False(File.Exists(Path.Combine(_home.Paths.VmState("one"), "x")));
        Assert.Equal([_home.Definition("one")], Directory.GetFiles(_home.Paths.Definitions));
        Assert.False(File.Exists(Path.Combine(_home.Folder, "x")));
        Assert.False(File.Exists("/tmp/x-of-a-sandbox"));
    }

    [Fact]
    public void A_read_only_disk_cannot_be_written_even_by_QEMU()
    {
        _home.Define("one", "disks: [{file: boot.img, format: raw, mode: read-only}]");
        Assert.Equal(0, RunInside("one", $"cat {_home.Paths.VmState("one")}/boot.img >/dev/null").Code);
        Assert.NotEqual(0, RunInside("one", $"echo x >>{_home.Paths.VmState("one")}/boot.img").Code);
    }

    /// <summary>Prepares a VM as for a start and runs a shell where QEMU would run.</summary>
    private (int Code, string Output) RunInside(string name, string command)
    {
        VmDefinition vm = new DefinitionStore(_home.Paths, HostFacts.Read()).Load().Single(d => d.Name == name).Definition!;
        var files = new QemuFiles(_home.Paths, name);
        uint? user = QemuUser.Of(_home.Paths, name);
        QemuPreparation.PrepareAsync(vm, files, user, UefiFirmware.Debian, null, (files, user), CancellationToken.None).Wait();
        Environment.SetEnvironmentVariable("SECRET", "of the daemon");
        using Process process = QemuProcess.Launch(new Sandbox().Wrap(["sh", "-c", $"{command}; echo \"code $?\""], vm, files, user), files, kvm: false);
        process.WaitForExit();
        string output = File.ReadAllText(files.QemuLog);
        string code = output.Split("code ")[^1].Trim();
        return (int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw new InvalidOperationException($"The shell did not run: {output}"), output);
    }

    private static string StatusOf(int pid, string key) =>
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith(key + ":", StringComparison.Ordinal))[(key.Length + 1)..].Trim();
}
