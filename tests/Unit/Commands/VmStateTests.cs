using System.Text.Json.Nodes;
using Hyperspace.Commands.Vm;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Commands;

/// <summary>The commands that show and change VMs' states.</summary>
public sealed class VmStateTests : IDisposable
{
    private readonly VmBench _bench = new();

    [Fact]
    public void The_list_is_aligned_and_says_what_the_daemon_says()
    {
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Vms.AddRange([ScriptedDaemon.Vm("work", 1, VmState.Running), ScriptedDaemon.Vm("laboratory", 2, VmState.Crashed, "QEMU ended\nwith signal 9."), ScriptedDaemon.Vm("old", null, VmState.Off)]);
        Assert.Equal(0, _bench.Run("list"));
        Assert.Equal(
            "PORT  NAME        LABEL       STATE    CPU   MEMORY            UP         REASON\n"
            + "1     work        WORK        running  12 %  512 MiB of 2 GiB  2 h 5 min\n"
            + "2     laboratory  LABORATORY  crashed        2 GiB                        QEMU ended with signal 9.\n"
            + "-     old         OLD         off            2 GiB\n",
            _bench.Out);
        Assert.Equal("", _bench.Error);
    }

    [Fact]
    public void Colours_are_for_terminals_and_do_not_change_the_columns()
    {
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Vms.Add(ScriptedDaemon.Vm("work", 1, VmState.Running));
        _bench.Run("list");
        string plain = _bench.Out;
        Assert.DoesNotContain('\e', plain);
        _bench.HasColor = true;
        _bench.Run("list");
        Assert.Contains("\e[32mrunning\e[0m", _bench.Out, StringComparison.Ordinal);
        Assert.Contains("\e[1;38;2;59;130;246m1\e[0m", _bench.Out, StringComparison.Ordinal);
        Assert.Equal(plain, System.Text.RegularExpressions.Regex.Replace(_bench.Out, "\e\\[[0-9;]*m", ""));
    }

    [Fact]
    public void Without_a_daemon_the_list_has_the_definitions()
    {
        _bench.Home.Define("zeta", "port: 1\nlabel: Z\n");
        _bench.Home.Define("alpha", "port: 2\n");
        _bench.Home.Define("broken", "prot: 3\n");
        Assert.Equal(0, _bench.Run("list"));
        Assert.Equal(
            """
            PORT  NAME    LABEL  STATE                CPU  MEMORY  UP  REASON
            1     zeta    Z      unknown (no daemon)       2 GiB
            2     alpha   alpha  unknown (no daemon)       2 GiB
            -     broken         invalid                               hyperspace vm validate broken

            """.ReplaceLineEndings("\n"), _bench.Out);
        Assert.Equal("No daemon answers on @/run/api.sock, so it is not known what runs; \"hyperspace daemon\" starts one.\n", _bench.Error.Replace(_bench.Home.Folder, "@", StringComparison.Ordinal));

        Assert.Equal(0, _bench.Run("list", "--json"));
        JsonArray json = JsonNode.Parse(_bench.Out)!.AsArray();
        Assert.Equal(["zeta unknown", "alpha unknown", "broken invalid"], json.Select(vm => $"{vm!["name"]} {vm["state"]}"));
        Assert.Equal("", _bench.Error);
    }

    [Fact]
    public void The_list_as_JSON_is_the_control_APIs()
    {
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Vms.Add(ScriptedDaemon.Vm("work", 1, VmState.Running));
        Assert.Equal(0, _bench.Run("list", "--json"));
        string api = System.Text.Json.JsonSerializer.Serialize(_bench.Daemon.Vms[0], Protocols.Link.ControlJson.Default.VmStatus);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(api), Assert.Single(JsonNode.Parse(_bench.Out)!.AsArray())), _bench.Out);
    }

    [Fact]
    public void Without_VMs_the_list_says_how_to_make_one()
    {
        Assert.Equal(0, _bench.Run("list"));
        Assert.StartsWith("There is no VM yet; \"hyperspace vm create NAME", _bench.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_prints_YAML_with_the_state_in_comments()
    {
        _bench.Home.Define("work", "# mine\r\nport: 1\r\n");
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Vms.Add(ScriptedDaemon.Vm("work", 1, VmState.Running));
        Assert.Equal(0, _bench.Run("show", "work"));
        Assert.Equal("# work: running for 2 h 5 min, port 1, tcg, 12 % CPU, 512 MiB of memory used, 1 restart\n# @/config/vms/work.yaml\n# mine\nport: 1\n", _bench.Said);
        Assert.NotNull(_bench.Home.Read(_bench.Out).Definition);

        _bench.Daemon.Vms[0] = ScriptedDaemon.Vm("work", 1, VmState.Crashed, "QEMU ended\nwith signal 9.");
        _bench.Run("show", "work");
        Assert.StartsWith("# work: crashed, port 1\n# QEMU ended\n# with signal 9.\n", _bench.Out, StringComparison.Ordinal);

        _bench.Daemon.IsThere = false;
        _bench.Run("show", "work");
        Assert.StartsWith("# work: unknown (no daemon)\n", _bench.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Show_says_what_is_wrong_and_lets_no_control_character_through()
    {
        _bench.Home.Define("work", "label: \e[31m\nprot: 1\n");
        Assert.Equal(0, _bench.Run("show", "work"));
        Assert.Contains("# @/config/vms/work.yaml:2: prot: there is no such key; is \"port\" meant?\n#     for example: port: 1\n", _bench.Said, StringComparison.Ordinal);
        Assert.Contains("label: \uFFFD[31m\n", _bench.Out, StringComparison.Ordinal);

        Assert.Equal(0, _bench.Run("show", "work", "--json"));
        Assert.Equal(2, JsonNode.Parse(_bench.Out)!["errors"]!.AsArray().Count);
    }

    [Fact]
    public void Show_as_JSON_has_the_definition_with_its_defaults()
    {
        _bench.Home.Define("work", "port: 1\n");
        Assert.Equal(0, _bench.Run("show", "work", "--json"));
        JsonNode json = JsonNode.Parse(_bench.Out)!;
        Assert.Equal(("unknown", "2GiB", 1), ((string)json["status"]!["state"]!, (string)json["definition"]!["memory"]!, (int)json["definition"]!["port"]!));
    }

    [Theory]
    [InlineData("show")]
    [InlineData("edit")]
    [InlineData("log")]
    [InlineData("delete")]
    public void A_VM_that_is_not_there_is_told(string command)
    {
        Assert.Equal(1, _bench.Run(command, "../nobody"));
        Assert.Equal("There is no VM \"../nobody\": @/config/vms has no ../nobody.yaml.\n", _bench.Said);
    }

    [Theory]
    [InlineData("start", "Start", "runs")]
    [InlineData("stop", "Stop", "is off")]
    [InlineData("kill", "Kill", "is off")]
    [InlineData("reset", "Reset", "has been reset")]
    [InlineData("pause", "Pause", "is paused")]
    [InlineData("resume", "Resume", "runs")]
    public void Each_VM_is_acted_on_once_and_what_it_is_then_is_told(string verb, string action, string done)
    {
        _bench.Daemon.IsThere = true;
        Assert.Equal(0, _bench.Run(verb, "a", "b", "a"));
        Assert.Equal([$"{action} a", $"{action} b"], _bench.Daemon.Asked.Order());
        Assert.Equal($"a {done}.\nb {done}.\n", _bench.Out);
    }

    [Fact]
    public void One_that_fails_does_not_keep_the_others_from_it()
    {
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Refusals["b"] = "There is no VM \"b\".";
        Assert.Equal(1, _bench.Run("start", "a", "b", "c"));
        Assert.Equal("a runs.\nc runs.\n", _bench.Out);
        Assert.Equal("b: There is no VM \"b\".\n", _bench.Error);
    }

    [Fact]
    public void Without_a_daemon_acts_say_so()
    {
        Assert.Equal(1, _bench.Run("start", "a"));
        Assert.Equal("a: No daemon answers; \"hyperspace daemon\" starts one.\n", _bench.Error);
    }

    [Theory]
    [InlineData("kill", "Pull the plug of a, b?")]
    [InlineData("reset", "Reset a, b?")]
    public void What_loses_data_asks_on_a_terminal(string verb, string question)
    {
        _bench.Daemon.IsThere = true;
        _bench.Typed = "n\n";
        Assert.Equal(1, _bench.Run(verb, "a", "b"));
        Assert.StartsWith(question, _bench.Out, StringComparison.Ordinal);
        Assert.Empty(_bench.Daemon.Asked);

        _bench.Typed = "y\n";
        Assert.Equal(0, _bench.Run(verb, "a", "b"));
        _bench.Typed = "n\n";
        Assert.Equal(0, _bench.Run(verb, "--yes", "a"));
        Assert.Equal(3, _bench.Daemon.Asked.Count);
    }

    [Fact]
    public void A_log_comes_from_the_daemon()
    {
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Logs.Enqueue(["one", "two", "three"]);
        Assert.Equal(0, _bench.Run("log", "work", "--log", "qemu", "-n", "2"));
        Assert.Equal("two\nthree\n", _bench.Out);
        Assert.Equal(["qemu of work"], _bench.Daemon.Asked);
    }

    [Fact]
    public void Without_a_daemon_a_log_comes_from_its_file()
    {
        _bench.Home.Define("work", "port: 1\n");
        _bench.Home.Put("state/vms/work/serial.log", "one\ntwo\e[31m\nthree\n");
        Assert.Equal(0, _bench.Run("log", "work", "--lines", "2"));
        Assert.Equal("two\uFFFD[31m\nthree\n", _bench.Out);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("10001")]
    public void A_number_of_lines_out_of_range_is_a_usage_error(string lines)
    {
        Assert.NotEqual(0, _bench.Run("log", "work", "--lines", lines));
        Assert.Contains("expected 1 to 10000", _bench.Error, StringComparison.Ordinal);
        Assert.Empty(_bench.Daemon.Asked);
    }

    [Fact]
    public async Task A_log_is_followed_until_it_is_interrupted()
    {
        using var interrupt = new CancellationTokenSource();
        _bench.Daemon.IsThere = true;
        _bench.Daemon.Logs.Enqueue(["old", "boot", "log"]);
        _bench.Daemon.Logs.Enqueue(["old", "boot", "login:"]);
        _bench.Daemon.Logs.Enqueue(["boot", "login: root", "#"]);
        _bench.Daemon.LogsEnd = interrupt.Cancel;
        Assert.Equal(0, await _bench.RunAsync(interrupt.Token, "log", "work", "--follow", "-n", "2"));
        Assert.Equal("boot\nlogin: root\n#\n", _bench.Out);
    }

    [Theory]
    [InlineData("", "a b", "a\nb")]
    [InlineData("a", "a", "a")]
    [InlineData("a a", "a a a", "a\na\na")]
    [InlineData("a b c", "c d", "a\nb\nc\nd")]
    [InlineData("a b c", "x y", "a\nb\nc\nx\ny")]
    [InlineData("a b", "", "a\nb")]
    [InlineData("a b", "ab", "a\nb\nab")]
    [InlineData("a b", "a bc d", "a\nbc\nd")]
    public void What_is_new_in_a_moving_window_is_written_once(string first, string then, string shown)
    {
        var output = new StringWriter();
        var follower = new LogFollower(output, 10);
        follower.Show(first.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        follower.Show(then.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        follower.Show(then.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(shown, output.ToString());
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(3599, "59 min")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(90000, "1 d 1 h")]
    [InlineData(-5, "0 s")]
    public void Times_are_for_people(double seconds, string text) => Assert.Equal(text, ListCommand.Duration(TimeSpan.FromSeconds(seconds)));

    public void Dispose() => _bench.Dispose();
}
