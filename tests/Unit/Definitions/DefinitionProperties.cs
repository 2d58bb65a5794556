using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>Whatever a file holds, reading it gives a definition or says what is wrong; and what is written is read back.</summary>
public sealed class DefinitionProperties : IDisposable
{
    private static readonly string[] Pieces =
    [
        "memory", "port", "disks", "file", "network", "kernel", "extra", "label", ": ", ":", "\n", "\n  ", "\n  - ", "- ", "[", "]", "{", "}", ",", "\"", "'", "|", ">", "&a ", "*a", "!!str ", "!", "%YAML 1.1\n", "---\n", "...\n", "#", "?", "? ",
        "<<", "~", "null", "1", "0x1", "1e9", ".inf", "2GiB", "30s", "true", "yes", "user", "tcp:1:2", "tcp:99999:0", "\t", "\r\n", "\r", "\0", "\u0001", "\uFEFF", "\u2028", "\uFFFD", "\\", "\\x", "\\u", "\ud83d\ude00", "/", "../", "~/", "a", "ä", " ",
    ];

    private readonly Home _home = new();

    [Fact]
    public void Any_bytes_give_a_definition_or_errors_and_never_an_exception() => Check(
        Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().Resize(400), bytes =>
        {
            string file = Path.Combine(_home.Paths.Definitions, "demo.yaml");
            File.WriteAllBytes(file, bytes);
            return _home.Store.Reader.ReadFile(file);
        }, bytes => Convert.ToHexString(bytes));

    [Fact]
    public void Any_mixture_of_YAML_gives_a_definition_or_errors_and_never_an_exception() => Check(
        Gen.Elements(Pieces).ArrayOf().Resize(60).Select(pieces => string.Concat(pieces)), _home.Read, text => text);

    [Fact]
    public void A_right_definition_with_anything_changed_gives_a_definition_or_errors_and_never_an_exception()
    {
        const string right = "label: Work\nport: 1\nmemory: 4GiB\nkernel: {image: /bin/sh}\nfirmware: linux\ndisks:\n  - file: new.qcow2\n    size: 1GiB\nnetwork:\n  mode: user\n  forwards: [\"tcp:8080:80\"]\nstopDeadline: 30s\nextra: [a, b]\n";
        Gen<string> mutated =
            from at in Gen.Choose(0, right.Length)
            from gone in Gen.Choose(0, 12)
            from pieces in Gen.Elements(Pieces).ArrayOf().Resize(4)
            select right[..at] + string.Concat(pieces) + right[Math.Min(right.Length, at + gone)..];
        Check(mutated, _home.Read, text => text);
    }

    [Fact]
    public void Any_text_that_a_definition_may_hold_is_written_so_that_it_is_read_back()
    {
        Gen<string> text = Gen.Elements(Pieces).ArrayOf().Resize(12).Select(pieces => string.Concat(string.Concat(pieces).Where(c => c == '\n' || !char.IsControl(c))));
        Prop.ForAll(text.ToArbitrary(), description =>
        {
            string yaml = DefinitionText.Yaml(new JsonObject { ["extra"] = new JsonArray(description, "x"), ["description"] = description });
            LoadedDefinition loaded = _home.Read(yaml);
            Assert.True(loaded.Definition is not null, $"{yaml}\n{string.Join("\n", loaded.Errors)}");
            Assert.Equal(description, loaded.Definition.Description);
            Assert.Equal([description, "x"], loaded.Definition.Extra);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Fact]
    public void Any_definition_is_written_so_that_it_is_read_back_and_satisfies_the_schema()
    {
        string disk = _home.PutQcow2("disk with, comma #1.qcow2");
        Gen<VmDefinition> definitions =
            from numbers in Gen.Choose(1, 9).ArrayOf(4)
            from words in Gen.Elements("Work", "Büro: 1", "a # b", "- x", "true", "12", "\U0001F600", "a\"b\\c", "x ", "{y}").ArrayOf(3)
            from choice in Gen.Choose(0, 2).ArrayOf(6)
            from flag in Gen.Elements(true, false)
            select new VmDefinition(
                "demo", words[0], "#0a1b2c", flag ? numbers[0] : null, numbers[1] * 128, numbers[2], (Firmware)choice[0],
                choice[0] == 2 ? new KernelDefinition("/bin/sh", flag ? "/bin/cat" : null, words[1]) : null,
                [new DiskDefinition(disk, DiskFormat.Qcow2, (DiskMode)choice[1], null), new DiskDefinition(Path.Combine(_home.Paths.VmState("demo"), "n.raw"), DiskFormat.Raw, DiskMode.Persistent, numbers[3] * 512L << 20)],
                flag ? disk : null, choice[2] == 0 ? new NetworkDefinition(NetworkMode.None, []) : new NetworkDefinition(NetworkMode.User, [new PortForward("tcp", 8000 + numbers[3], 80)]),
                new DisplayDefinition(640 + numbers[0], 400 + numbers[1]), (InputDevices)choice[3], flag, (AcceleratorChoice)choice[4], TimeSpan.FromSeconds(numbers[0] * 50),
                new RestartDefinition(choice[5] == 0 ? RestartPolicy.Never : RestartPolicy.OnCrash, numbers[1]), [words[1], words[2]], $"{words[0]}\n{words[2]}", _home.Store.FileOf("demo"))
            {
                Instant = choice[5] == 0 ? null : new InstantDefinition(choice[4] + choice[5], flag),
                Ready = choice[3] == 0 ? null : words[2],
                Sound = new SoundDefinition(flag, (BackgroundSound)choice[0]),
                Clipboard = (ClipboardWays)(numbers[2] % 4),
            };
        var schema = new SchemaCheck();
        Prop.ForAll(definitions.ToArbitrary(), vm =>
        {
            JsonObject keys = DefinitionText.Keys(vm);
            string yaml = DefinitionText.Yaml(keys);
            LoadedDefinition loaded = _home.Read(yaml);
            Assert.True(loaded.Definition is not null, $"{yaml}\n{string.Join("\n", loaded.Errors)}");
            Assert.Equal(keys.ToJsonString(), DefinitionText.Keys(loaded.Definition).ToJsonString());
            Assert.Equal(keys.ToJsonString(), SchemaCheck.FromYaml(yaml)!.ToJsonString());
            Assert.Null(schema.Problem(keys));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    private static void Check<T>(Gen<T> files, Func<T, LoadedDefinition> read, Func<T, string> shown) =>
        Prop.ForAll(files.ToArbitrary(), file =>
        {
            LoadedDefinition loaded = read(file);
            Assert.True(loaded.Definition is null == loaded.Errors.Count > 0, shown(file));
            Assert.All(loaded.Errors, e => Assert.DoesNotContain(e.Problem, char.IsControl));
            Assert.All(loaded.Errors, e => Assert.True(e.Line >= 0 && e.Problem.Contains("expected", StringComparison.Ordinal) || e.Problem.Contains("is \"", StringComparison.Ordinal) || e.Problem.Contains("larger than", StringComparison.Ordinal), e.ToString()));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    public void Dispose() => _home.Dispose();
}
