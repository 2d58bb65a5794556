using System.Text;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>Every class of error: where it is, what it says, what was expected, and what would be right.</summary>
public sealed class DefinitionErrorTests : IDisposable
{
    private readonly Home _home = new();

    [Theory]
    [InlineData("memory: 2GiB\nmemroy: 4GiB\n", 2, "memroy", "no such key; is \"memory\" meant?", "memory: 4GiB")]
    [InlineData("label: A\nloudness: yes\n", 2, "loudness", "no such key; expected one of name, label,", "name: work")]
    [InlineData("disks:\n  - fiel: x\n    file: root.qcow2\n    size: 1GiB\n", 2, "disks[0].fiel", "is \"file\" meant?", "file: root.qcow2")]
    [InlineData("Memory: 2GiB\n", 1, "Memory", "is \"memory\" meant?", "memory: 4GiB")]
    [InlineData("port: 10\n", 1, "port", "10 is not right; expected a whole number from 1 to 9.", "port: 1")]
    [InlineData("port: \"1\"\n", 1, "port", "\"1\", a text because of its quotes, is not right; expected a whole number", "port: 1")]
    [InlineData("port: one\n", 1, "port", "\"one\" is not right; expected a whole number", "port: 1")]
    [InlineData("port:\n", 1, "port", "no value is not right; expected a whole number", "port: 1")]
    [InlineData("port: [1]\n", 1, "port", "a list is not right; expected a whole number", "port: 1")]
    [InlineData("cpus: 17\n", 1, "cpus", "17 CPUs are more than four times those of this machine (4); expected at most 16.", "cpus: 4")]
    [InlineData("# big\n\nmemory: 12GiB\n", 3, "memory", "12 GiB is more than this machine has; expected at most 8 GiB.", "memory: 4GiB")]
    [InlineData("memory: 512\n", 1, "memory", "512 is not right; expected an amount such as 512MiB or 4GiB", "memory: 4GiB")]
    [InlineData("memory: 8MiB\n", 1, "memory", "\"8MiB\" is not right; expected an amount", "memory: 4GiB")]
    [InlineData("memory: \"2GiB\\n\"\n", 1, "memory", "is not right; expected an amount", "memory: 4GiB")]
    [InlineData("memory: 9999999TiB\n", 1, "memory", "is not right; expected an amount", "memory: 4GiB")]
    [InlineData("label: 2024\n", 1, "label", "2024 is a number here; expected a text of 1 to 40 characters, in quotes.", "label: \"2024\"")]
    [InlineData("description: true\n", 1, "description", "true is a truth value here; expected a text", "description: \"true\"")]
    [InlineData("label: 12345678901234567890123456789012345678901\n", 1, "label", "expected a text of 1 to 40 characters", "label: Work")]
    [InlineData("label: \"a\\eb\"\n", 1, "label", "\"a\uFFFDb\" is not right; expected a text", "label: Work")]
    [InlineData("color: pink\n", 1, "color", "\"pink\" is not right; expected #rrggbb or one of blue", "color: \"#3b82f6\"")]
    [InlineData("autostart: yes\n", 1, "autostart", "\"yes\" is not right; expected true or false", "autostart: true")]
    [InlineData("firmware: efi\n", 1, "firmware", "\"efi\" is not right; expected uefi, bios or linux", "firmware: uefi")]
    [InlineData("firmware: linux\n", 1, "firmware", "expected the key kernel", "kernel: {image: /boot/vmlinuz, cmdline: quiet}")]
    [InlineData("firmware: bios\nkernel: {image: /bin/sh}\n", 2, "kernel", "for firmware linux only", "firmware: linux")]
    [InlineData("firmware: linux\nkernel:\n  cmdline: quiet\n", 3, "kernel.image", "this key is missing; expected the path of a file", "image: /boot/vmlinuz")]
    [InlineData("firmware: linux\nkernel:\n  image: /nowhere/vmlinuz\n", 3, "kernel.image", "there is no file /nowhere/vmlinuz; expected one that exists", "image: /boot/vmlinuz")]
    [InlineData("disks:\n  - file: /nowhere/a.qcow2\n", 2, "disks[0].file", "there is no file /nowhere/a.qcow2; expected one that exists.", "{file: root.qcow2, size: 20GiB}")]
    [InlineData("disks:\n  - file: /tmp\n", 2, "disks[0].file", "/tmp is a folder; expected a file.", "{file: root.qcow2, size: 20GiB}")]
    [InlineData("disks:\n  - file: a.qcow2\n    size: 1GiB\n    mode: read-only\n", 2, "disks[0].file", "there is no file", "{file: root.qcow2, size: 20GiB}")]
    [InlineData("disks:\n  - file: /nowhere/a.raw\n    size: 1GiB\n", 2, "disks[0].file", "there is no file", "{file: root.qcow2, size: 20GiB}")]
    [InlineData("disks: root.qcow2\n", 1, "disks", "\"root.qcow2\" is not right; expected a list", "disks: [{file: root.qcow2, format: qcow2}]")]
    [InlineData("cdrom: nothing.iso\n", 1, "cdrom", "there is no file", "cdrom: /srv/iso/debian.iso")]
    [InlineData("network: bridge\n", 1, "network", "\"bridge\" is not right; expected none or user, or a group of keys.", "network: {mode: user, forwards: [\"tcp:8080:80\"]}")]
    [InlineData("network:\n  mode: user\n  forwards: [\"tcp:80\"]\n", 3, "network.forwards[0]", "expected PROTOCOL:HOST-PORT:GUEST-PORT", "forwards: [\"tcp:8080:80\"]")]
    [InlineData("network: {mode: user, forwards: [\"tcp:70000:80\"]}\n", 1, "network", "expected 1 to 65535", "forwards: [\"tcp:8080:80\"]")]
    [InlineData("network: {mode: none, forwards: [\"tcp:8080:80\"]}\n", 1, "network", "expected mode user", "network: {mode: user, forwards: [\"tcp:8080:80\"]}")]
    [InlineData("display: {width: 1280}\n", 1, "display.height", "this key is missing; expected a whole number", "height: 776")]
    [InlineData("stopDeadline: 2h\n", 1, "stopDeadline", "expected a time such as 30s or 2min", "stopDeadline: 30s")]
    [InlineData("stopDeadline: 0s\n", 1, "stopDeadline", "from 1s to 3600s", "stopDeadline: 30s")]
    [InlineData("name: other\n", 1, "name", "\"other\" is not the file's name; expected demo, or no such key.", "name: demo")]
    [InlineData("port: 1\nlabel: A\nport: 2\n", 3, "port", "this key stands in line 1 already; expected it once.", null)]
    [InlineData("network:\n  mode: user\n  mode: none\n", 3, "network.mode", "this key stands in line 2 already", null)]
    public void A_key_in_error_is_named_with_its_line_and_what_would_be_right(string text, int line, string key, string problem, string? example)
    {
        LoadedDefinition loaded = _home.Read(text);

        Assert.Null(loaded.Definition);
        DefinitionError error = Assert.Single(loaded.Errors);
        Assert.Equal((Path.Combine(_home.Paths.Definitions, "demo.yaml"), line, key), (error.File, error.Line, error.Key));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Equal(example, error.Example);
        string shown = error.ToString();
        Assert.StartsWith($"{error.File}:{line}: {key}: ", shown, StringComparison.Ordinal);
        Assert.Equal(example is not null, shown.Contains($"\n    for example: {example}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", 1, "The file is empty")]
    [InlineData("# only a comment\n", 1, "The file is empty")]
    [InlineData("memory: [2GiB\n", 2, "This is not YAML")]
    [InlineData("memory: 2GiB\ndisks:\n\t- file: a\n", 3, "This is not YAML: this line begins with a tab")]
    [InlineData("memory: 2GiB\n\tcpus: 2\n", 2, "This is not YAML: this line begins with a tab")]
    [InlineData("label: \"open\n", 1, "This is not YAML")]
    [InlineData("@@@", 1, "This is not YAML")]
    [InlineData("memory: &m 2GiB\n", 1, "Anchors (&) and aliases (*) are not allowed")]
    [InlineData("label: a\ndescription: *m\n", 2, "Anchors (&) and aliases (*) are not allowed")]
    [InlineData("label: !!str 12\n", 1, "Tags (!) are not allowed")]
    [InlineData("port: 1\n---\nport: 2\n", 3, "A second document begins here")]
    public void What_is_no_definition_at_all_is_said_with_its_line(string text, int line, string problem)
    {
        LoadedDefinition loaded = _home.Read(text);

        Assert.Null(loaded.Definition);
        DefinitionError error = Assert.Single(loaded.Errors);
        Assert.Equal(line, error.Line);
        Assert.StartsWith(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains("expected", error.Problem, StringComparison.Ordinal);
        Assert.Equal("memory: 2GiB", error.Example);
    }

    [Theory]
    [InlineData("just a text\n", "\"just a text\" is not right; expected a group of keys: name, label")]
    [InlineData("- a\n- b\n", "a list is not right; expected a group of keys")]
    [InlineData("---\n", "no value is not right; expected a group of keys")]
    public void A_document_that_is_no_group_of_keys_is_refused(string text, string problem)
    {
        DefinitionError error = Assert.Single(_home.Read(text).Errors);
        Assert.StartsWith(problem, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alias_bomb_is_refused_at_its_first_anchor()
    {
        string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + string.Concat(Enumerable.Range(1, 20).Select(i => $"{(char)('a' + i)}: &{(char)('a' + i)} [{string.Join(", ", Enumerable.Repeat($"*{(char)('a' + i - 1)}", 9))}]\n"));
        DefinitionError error = Assert.Single(_home.Read(bomb).Errors);
        Assert.Equal(1, error.Line);
        Assert.Contains("Anchors", error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Depth_without_end_is_refused_and_exhausts_no_stack(char bracket)
    {
        DefinitionError error = Assert.Single(_home.Read("extra: " + new string(bracket, 200_000)).Errors);
        Assert.Contains("nested deeper than 16 levels", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_of_a_file_are_found_at_once_in_the_order_of_the_file()
    {
        LoadedDefinition loaded = _home.Read("memroy: 2GiB\nport: 12\ndisks:\n  - 7\n  - file: /nowhere/b.qcow2\n    format: vmdk\nfirmware: efi\nkernel: {image: /bin/sh}\n");

        Assert.Null(loaded.Definition);
        Assert.Equal(
            [(1, "memroy"), (2, "port"), (4, "disks[0]"), (6, "disks[1].format"), (7, "firmware"), (5, "disks[1].file")],
            loaded.Errors.Select(e => (e.Line, e.Key)));
    }

    [Fact]
    public void A_value_in_error_brings_no_second_error_from_what_depends_on_it()
    {
        Assert.Equal("firmware", Assert.Single(_home.Read("firmware: efi\n").Errors).Key);
        Assert.Equal("kernel.imag", Assert.Single(_home.Read("firmware: linux\nkernel: {imag: /bin/sh, image: /bin/sh}\n").Errors).Key);
        Assert.Equal("kernel", Assert.Single(_home.Read("firmware: linux\nkernel: /bin/sh\n").Errors).Key);
        Assert.Equal("memory", Assert.Single(_home.Read("memory: lots\n").Errors).Key);
        Assert.Contains("does not wake up", Assert.Single(_home.Read("sleep: s3\nfirmware: linux\nkernel: {image: /bin/sh}\n").Errors).Problem, StringComparison.Ordinal);
        Assert.True(_home.Read("sleep: s3\nfirmware: bios\n").Definition!.OffersS3);
        Assert.False(_home.Read("firmware: bios\n").Definition!.OffersS3);
    }

    [Fact]
    public void Windows_line_ends_a_byte_order_mark_and_comments_are_no_errors_and_keep_the_lines_right()
    {
        string file = _home.Define("demo", "\uFEFF# a comment\r\nmemory: 1GiB # another\r\nprot: 1\r\n");
        DefinitionError error = Assert.Single(_home.Store.Reader.ReadFile(file).Errors);
        Assert.Equal((3, "prot"), (error.Line, error.Key));

        _home.Define("demo", "\uFEFFmemory: 1GiB\r\nport: 1\r\n");
        Assert.Equal((1024, 1), (_home.Store.Reader.ReadFile(file).Definition!.MemoryMiB, _home.Store.Reader.ReadFile(file).Definition!.Port));
    }

    [Fact]
    public void A_file_that_is_too_large_is_not_read()
    {
        string file = _home.Define("demo", "description: >\n" + new string(' ', DefinitionReader.MaxBytes));
        DefinitionError error = Assert.Single(_home.Store.Reader.ReadFile(file).Errors);
        Assert.Equal((0, ""), (error.Line, error.Key));
        Assert.Contains("larger than 256 KiB", error.Problem, StringComparison.Ordinal);
        Assert.StartsWith($"{file}: The file", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_end_is_not_read_to_its_end()
    {
        string file = Path.Combine(_home.Paths.Definitions, "zero.yaml");
        File.CreateSymbolicLink(file, "/dev/zero");
        Assert.Contains("larger than 256 KiB", Assert.Single(_home.Store.Reader.ReadFile(file).Errors).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_said_to_be_none()
    {
        string file = _home.Define("demo", "");
        File.WriteAllBytes(file, [.. "label: "u8, 0xE4, 0xF6, (byte)'\n']);
        Assert.Contains("not text in UTF-8", Assert.Single(_home.Store.Reader.ReadFile(file).Errors).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Work")]
    [InlineData("1st")]
    [InlineData("a_b")]
    [InlineData("a23456789012345678901234567890xx")]
    [InlineData("a\n")]
    public void A_file_whose_name_is_no_name_for_a_VM_is_an_error(string name)
    {
        string file = _home.Define(name, "memory: 1GiB\n");
        DefinitionError error = Assert.Single(_home.Store.Reader.ReadFile(file).Errors);
        Assert.Contains("is no name for a VM; expected lower-case letters", error.Problem, StringComparison.Ordinal);
        Assert.Equal("work.yaml", error.Example);
    }

    [Fact]
    public void A_disk_of_another_format_than_said_is_an_error()
    {
        string qcow2 = _home.PutQcow2("a.img");
        string raw = _home.Put("b.qcow2", new string('\0', 512));
        DefinitionError said = Assert.Single(_home.Read($"disks:\n  - file: {qcow2}\n").Errors);
        Assert.Equal((2, "disks[0].format", "format: qcow2"), (said.Line, said.Key, said.Example));
        Assert.Contains($"raw is not what {qcow2} is; expected qcow2.", said.Problem, StringComparison.Ordinal);
        Assert.Contains("expected raw.", Assert.Single(_home.Read($"disks:\n  - file: {raw}\n    format: qcow2\n").Errors).Problem, StringComparison.Ordinal);
        Assert.NotNull(_home.Read($"disks:\n  - file: {qcow2}\n    format: qcow2\n").Definition);
    }

    [Fact]
    public void An_image_that_needs_another_file_is_an_error()
    {
        string overlay = _home.PutQcow2("over.qcow2", backing: "/etc/shadow");
        string data = _home.PutQcow2("data.qcow2", externalData: true);
        DefinitionError error = Assert.Single(_home.Read($"disks:\n  - file: {overlay}\n").Errors);
        Assert.Equal("disks[0].file", error.Key);
        Assert.Contains($"{overlay} needs another file, /etc/shadow, which its VM may not open", error.Problem, StringComparison.Ordinal);
        Assert.Contains("an external data file", Assert.Single(_home.Read($"disks:\n  - file: {data}\n").Errors).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_and_hostile_values_are_shown_short_and_without_control_characters()
    {
        DefinitionError error = Assert.Single(_home.Read($"\"k\\e[31m{new string('k', 3000)}\": 1\n").Errors);
        Assert.True(error.Key.Length < 100);
        Assert.DoesNotContain(error.ToString().ReplaceLineEndings(""), char.IsControl);
        error = Assert.Single(_home.Read($"port: {new string('9', 3000)}\n").Errors);
        Assert.True(Encoding.UTF8.GetByteCount(error.Problem) < 200, error.Problem);
    }

    public void Dispose() => _home.Dispose();
}
