using System.Diagnostics;
using System.Text.Json.Nodes;
using Hyperspace.Linux;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Unit.Definitions;

namespace Hyperspace.Tests.Unit.Commands;

/// <summary><c>vm edit</c>, <c>vm validate</c> and <c>vm delete</c>: what becomes of the user's files.</summary>
public sealed class VmFilesTests : IDisposable
{
    private readonly VmBench _bench = new();

    [Fact]
    public void What_is_edited_and_right_takes_the_definitions_place_and_the_daemon_is_told()
    {
        _bench.Home.Define("demo", "# mine\nport: 1\n");
        _bench.Daemon.IsThere = true;
        _bench.Edits.Enqueue(file => Append(file, "memory: 1GiB # enough\n"));
        Assert.Equal(0, _bench.Run("edit", "demo"));
        Assert.Equal("# mine\nport: 1\nmemory: 1GiB # enough\n", _bench.Text("demo"));
        Assert.Equal(["reload"], _bench.Daemon.Asked);
        Assert.Equal(["config/vms/demo.yaml"], _bench.Home.Files());
    }

    [Fact]
    public void Errors_are_shown_and_can_be_mended_before_anything_is_replaced()
    {
        _bench.Home.Define("demo", "port: 1\n");
        string? copy = null;
        _bench.Edits.Enqueue(file => Append(copy = file, "memory: lots\n"));
        _bench.Edits.Enqueue(file =>
        {
            Assert.Equal("port: 1\n", _bench.Text("demo"));
            Assert.Equal("port: 1\nmemory: lots\n", File.ReadAllText(file));
            File.WriteAllText(file, "port: 1\nmemory: 3GiB\n");
            return 0;
        });
        _bench.Typed = "what?\ny\n";

        Assert.Equal(0, _bench.Run("edit", "demo"));

        Assert.Contains("@/config/vms/demo.yaml:2: memory: \"lots\" is not right; expected an amount such as 512MiB", _bench.Said, StringComparison.Ordinal);
        Assert.Equal("port: 1\nmemory: 3GiB\n", _bench.Text("demo"));
        Assert.False(File.Exists(copy));
    }

    [Theory]
    [InlineData("n\n")]
    [InlineData("")]
    [InlineData(null)]
    public void Whoever_gives_up_keeps_the_old_definition_and_what_was_written(string? typed)
    {
        _bench.Home.Define("demo", "port: 1\n");
        string copy = "";
        _bench.Edits.Enqueue(file => Append(copy = file, "memory: lots\n"));
        _bench.Typed = typed;

        Assert.Equal(1, _bench.Run("edit", "demo"));

        Assert.Equal("port: 1\n", _bench.Text("demo"));
        Assert.Contains($"demo.yaml is as it was. What was written is in {copy}.", _bench.Error, StringComparison.Ordinal);
        Assert.Equal("port: 1\nmemory: lots\n", File.ReadAllText(copy));
        Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
    }

    [Fact]
    public void Nothing_changed_is_nothing_done()
    {
        _bench.Home.Define("demo", "prot: 1\n");
        _bench.Daemon.IsThere = true;
        _bench.Edits.Enqueue(_ => 0);
        Assert.Equal(0, _bench.Run("edit", "demo"));
        Assert.Equal("Nothing has changed.\n", _bench.Out);
        Assert.Empty(_bench.Daemon.Asked);
    }

    [Fact]
    public void An_editor_that_fails_changes_nothing()
    {
        _bench.Home.Define("demo", "port: 1\n");
        _bench.Edits.Enqueue(_ => 127);
        Assert.Equal(1, _bench.Run("edit", "demo"));
        Assert.Equal("The editor ended with exit code 127.\n@/config/vms/demo.yaml is as it was.\n", _bench.Said);
    }

    [Fact]
    public void What_someone_else_changed_meanwhile_is_not_overwritten()
    {
        _bench.Home.Define("demo", "port: 1\n");
        string copy = "";
        _bench.Edits.Enqueue(file =>
        {
            _bench.Home.Define("demo", "port: 2\n");
            return Append(copy = file, "memory: 1GiB\n");
        });
        Assert.Equal(1, _bench.Run("edit", "demo"));
        Assert.Contains("has been changed by someone else meanwhile", _bench.Error, StringComparison.Ordinal);
        Assert.Equal("port: 2\n", _bench.Text("demo"));
        Assert.Equal("port: 1\nmemory: 1GiB\n", File.ReadAllText(copy));
        Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
    }

    [Fact]
    public void A_port_of_another_VM_is_found_while_editing()
    {
        _bench.Home.Define("zeta", "port: 2\n");
        _bench.Home.Define("demo", "port: 1\n");
        _bench.Edits.Enqueue(file =>
        {
            File.WriteAllText(file, "label: D\n\nport: 2\n");
            return 0;
        });
        _bench.Edits.Enqueue(file =>
        {
            File.WriteAllText(file, "port: 3\n");
            return 0;
        });
        _bench.Typed = "\n";
        Assert.Equal(0, _bench.Run("edit", "demo"));
        Assert.Contains("demo.yaml:3: port: 2 is the port of zeta already", _bench.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_editor_is_a_command_with_arguments_and_VISUAL_comes_first()
    {
        _bench.Home.Define("demo", "port: 1\n");
        string editor = _bench.Home.Put("my editor.sh", "echo \"memory: $1\" >> \"$2\"\n");
        (int code, string output) = await ChildProcess.RunAsync(_bench.Home, "export VISUAL=\"sh '$ED' 1GiB\"; exec \"$@\"", ["vm", "edit", "demo"], ("ED", editor), ("EDITOR", "false"));
        Assert.Equal("port: 1\nmemory: 1GiB\n", _bench.Text("demo"));
        Assert.Equal(0, code);
        Assert.Contains("has been changed.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_says_all_errors_of_all_files_with_places_and_examples()
    {
        _bench.Home.Define("alpha", "port: 1\n");
        _bench.Home.Define("beta", "memroy: 1GiB\nport: 1\n");
        _bench.Home.Define("gamma", "port: 1\n");
        _bench.Home.Put("config/vms/delta.yml", "port: 3\n");

        Assert.Equal(1, _bench.Run("validate"));

        Assert.Equal(
            "@/config/vms/beta.yaml:1: memroy: there is no such key; is \"memory\" meant?\n    for example: memory: 4GiB\n"
            + "@/config/vms/gamma.yaml:1: port: 1 is the port of alpha already; expected one that is free.\n    for example: port: 2\n"
            + "3 definitions, 2 errors.\n@/config/vms/delta.yml is not read: a definition's name ends in .yaml.\n", _bench.Said);
    }

    [Fact]
    public void Validate_takes_names_and_files()
    {
        _bench.Home.Define("alpha", "port: 1\n");
        _bench.Home.Define("beta", "port: 1\n");
        string elsewhere = _bench.Home.Put("elsewhere/new.yaml", "port: 1\ncpus: 0\n");
        Assert.Equal(0, _bench.Run("validate", "alpha"));
        Assert.Equal("1 definition, no errors.\n", _bench.Out);
        Assert.Equal(1, _bench.Run("validate", "alpha", _bench.Home.Store.FileOf("beta")));
        Assert.EndsWith("2 definitions, 1 error.\n", _bench.Out, StringComparison.Ordinal);
        Assert.Equal(1, _bench.Run("validate", elsewhere));
        Assert.StartsWith("@/elsewhere/new.yaml:2: cpus: 0 is not right", _bench.Said, StringComparison.Ordinal);
        Assert.Equal(1, _bench.Run("validate", "nobody"));
        Assert.Equal("There is no VM \"nobody\": @/config/vms has no nobody.yaml.\n", _bench.Said);
    }

    [Fact]
    public void Validate_has_JSON()
    {
        _bench.Home.Define("demo", "# x\nport: 12\n");
        Assert.Equal(1, _bench.Run("validate", "--json"));
        JsonNode error = Assert.Single(JsonNode.Parse(_bench.Out)!.AsArray())!;
        Assert.Equal((_bench.Home.Store.FileOf("demo"), 2, "port", "port: 1"), ((string)error["file"]!, (int)error["line"]!, (string)error["key"]!, (string)error["example"]!));
        _bench.Home.Define("demo", "port: 1\n");
        Assert.Equal(0, _bench.Run("validate", "--json"));
        Assert.Empty(JsonNode.Parse(_bench.Out)!.AsArray());
    }

    [Fact]
    public void Delete_asks_and_a_no_or_no_answer_deletes_nothing()
    {
        string disk = _bench.Home.PutQcow2("state/vms/demo/disk1.qcow2");
        _bench.Home.Define("demo", "disks: [{file: disk1.qcow2}]\n");
        foreach (string typed in new[] { "n\n", "\n", "" })
        {
            _bench.Typed = typed;
            Assert.Equal(1, _bench.Run("delete", "demo", "--disks"));
            Assert.StartsWith($"Delete the VM demo and {disk} (20 GiB)? [y/N] ", _bench.Out, StringComparison.Ordinal);
        }

        Assert.Equal(["config/vms/demo.yaml", "state/vms/demo/disk1.qcow2"], _bench.Home.Files());
        _bench.Typed = "yes\n";
        Assert.Equal(0, _bench.Run("delete", "demo", "--disks"));
        Assert.Empty(_bench.Home.Files());
    }

    [Fact]
    public void Without_a_terminal_delete_needs_to_be_told_yes()
    {
        _bench.Home.Define("demo", "port: 1\n");
        Assert.Equal(1, _bench.Run("delete", "demo"));
        Assert.Equal("demo has not been deleted: there is no terminal to ask on; say --yes.\n", _bench.Error);
        Assert.Single(_bench.Home.Files());
        Assert.Equal(0, _bench.Run("delete", "demo", "--yes"));
        Assert.Empty(_bench.Home.Files());
    }

    [Fact]
    public void Without_disks_the_disks_are_kept_and_named()
    {
        _bench.Home.PutQcow2("state/vms/demo/disk1.qcow2");
        _bench.Home.Put("state/vms/demo/serial.log");
        _bench.Home.Define("demo", "disks: [{file: disk1.qcow2}]\n");
        Assert.Equal(0, _bench.Run("delete", "demo", "--yes"));
        Assert.Equal("demo has been deleted.\n  kept    @/state/vms/demo/disk1.qcow2\n", _bench.Said);
        Assert.Equal(["state/vms/demo/disk1.qcow2", "state/vms/demo/serial.log"], _bench.Home.Files());
    }

    [Fact]
    public void Logs_go_with_a_VM_that_leaves_no_disk()
    {
        string mine = _bench.Home.PutQcow2("images/mine.qcow2");
        _bench.Home.Put("state/vms/demo/serial.log");
        _bench.Home.Put("state/vms/demo/user", "");
        _bench.Home.Define("demo", $"disks: [{{file: {mine}}}]\n");
        Assert.Equal(0, _bench.Run("delete", "demo", "--yes"));
        Assert.Equal("demo has been deleted.\n  kept    @/images/mine.qcow2\n", _bench.Said);
        Assert.Equal(["images/mine.qcow2"], _bench.Home.Files());
        Assert.False(Directory.Exists(_bench.Home.Paths.VmState("demo")));
    }

    [Fact]
    public void Only_disks_that_Hyperspace_made_are_deleted_and_the_others_named()
    {
        _bench.Home.PutQcow2("state/vms/demo/disk1.qcow2");
        _bench.Home.Put("state/vms/demo/uefi-variables.fd");
        _bench.Home.Put("state/vms/demo/serial.1.log");
        _bench.Home.Put("state/vms/demo/user", "");
        _bench.Home.Put("state/vms/demo/notes.txt");
        _bench.Home.PutQcow2("state/vms/demo/base.qcow2");
        string mine = _bench.Home.PutQcow2("images/mine.qcow2");
        string linked = Path.Combine(_bench.Home.Paths.VmState("demo"), "linked.qcow2");
        File.CreateSymbolicLink(linked, _bench.Home.PutQcow2("images/linked.qcow2"));
        string evasive = Path.Combine(_bench.Home.Paths.VmState("demo"), "../../../images/other.qcow2");
        _bench.Home.PutQcow2("images/other.qcow2");
        _bench.Home.Define("demo", $"disks:\n  - file: disk1.qcow2\n  - file: {mine}\n  - file: {evasive}\n  - file: linked.qcow2\n  - {{file: base.qcow2, mode: ephemeral}}\n");
        _bench.Home.Define("user", $"disks: [{{file: {_bench.Home.Paths.VmState("demo")}/base.qcow2, mode: ephemeral}}]\n");

        Assert.Equal(0, _bench.Run("delete", "demo", "--yes", "--disks"));

        Assert.Equal(
            """
            demo has been deleted.
              deleted @/state/vms/demo/disk1.qcow2
              deleted @/state/vms/demo/linked.qcow2
              kept    @/images/mine.qcow2 (Hyperspace did not make it)
              kept    @/images/other.qcow2 (Hyperspace did not make it)
              kept    @/state/vms/demo/base.qcow2 (user uses it too)
              kept    @/state/vms/demo/notes.txt (it is not in the definition)

            """, _bench.Said);
        Assert.Equal(
            ["config/vms/user.yaml", "images/linked.qcow2", "images/mine.qcow2", "images/other.qcow2", "state/vms/demo/base.qcow2", "state/vms/demo/notes.txt"], _bench.Home.Files());
    }

    [Fact]
    public void With_errors_in_the_definition_no_disk_is_deleted()
    {
        _bench.Home.PutQcow2("state/vms/demo/disk1.qcow2");
        _bench.Home.Define("demo", "disks: [{file: disk1.qcow2}]\nprot: 1\n");
        Assert.Equal(0, _bench.Run("delete", "demo", "--yes", "--disks"));
        Assert.Contains("kept    @/state/vms/demo/disk1.qcow2 (the definition has errors, so it is not known whose it is)", _bench.Said, StringComparison.Ordinal);
        Assert.Equal(["state/vms/demo/disk1.qcow2"], _bench.Home.Files());
    }

    [Theory]
    [InlineData(VmState.Running)]
    [InlineData(VmState.Paused)]
    [InlineData(VmState.Stopping)]
    public void What_runs_is_not_deleted(VmState state)
    {
        _bench.Home.Define("demo", "port: 1\n");
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Vms.Add(ScriptedDaemon.Vm("demo", 1, state));
        Assert.Equal(1, _bench.Run("delete", "demo", "--yes"));
        Assert.Equal($"demo is {state.ToString().ToLowerInvariant()}, and only a VM that is off can be deleted; \"hyperspace vm stop demo\" stops it.\n", _bench.Error);
        Assert.Single(_bench.Home.Files());
    }

    [Fact]
    public void What_runs_without_a_daemon_is_not_deleted_either()
    {
        _bench.Home.Define("demo", "port: 1\n");
        var files = new QemuFiles(_bench.Home.Paths, "demo");
        Directory.CreateDirectory(files.Runtime);
        using var qemu = Process.Start("sleep", "600");
        try
        {
            string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            File.WriteAllText(files.RunRecord, $$"""{"Pid":{{qemu.Id}},"StartTime":{{ProcessInfo.StartTime(qemu.Id)}},"BootId":"{{boot}}","Generation":1,"StartedAt":"2026-01-01T00:00:00Z","Accelerator":"tcg"}""");
            Assert.Equal(1, _bench.Run("delete", "demo", "--yes"));
            Assert.Contains($"demo runs (process {qemu.Id}), and only a VM that is off can be deleted", _bench.Error, StringComparison.Ordinal);
        }
        finally
        {
            qemu.Kill();
            qemu.WaitForExit();
        }

        Assert.Equal(0, _bench.Run("delete", "demo", "--yes"));
    }

    private static int Append(string file, string text)
    {
        File.AppendAllText(file, text);
        return 0;
    }

    public void Dispose() => _bench.Dispose();
}
