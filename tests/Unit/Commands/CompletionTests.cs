using System.CommandLine;
using Hyperspace.Commands;
using Hyperspace.Tests.Unit.Definitions;

namespace Hyperspace.Tests.Unit.Commands;

public sealed class CompletionTests : IDisposable
{
    private readonly Home _home = new();

    [Theory]
    [InlineData("hyperspace vm start ", "lab work")]
    [InlineData("hyperspace vm start w", "work")]
    [InlineData("hyperspace vm start work l", "lab")]
    [InlineData("hyperspace vm delete --yes l", "lab")]
    [InlineData("hyperspace vm sta", "start")]
    [InlineData("hyperspace compl", "completion")]
    [InlineData("hyperspace completion ", "bash fish zsh")]
    [InlineData("hyperspace vm create x --firmware ", "bios linux uefi")]
    public async Task Bash_completes(string line, string words) => Assert.Equal(words, await CompleteAsync(line));

    [Fact]
    public async Task Bash_completes_to_the_left_of_the_cursor()
    {
        Assert.Equal("work", await CompleteAsync("hyperspace vm show w --json", "hyperspace vm show w".Length));
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _hyperspace hyperspace")]
    [InlineData("zsh", "compdef _hyperspace hyperspace")]
    [InlineData("fish", "complete -c hyperspace")]
    public void Each_shell_has_a_script(string shell, string line)
    {
        var output = new StringWriter();
        Assert.Equal(0, Root.Build(_home.Paths).Parse(["completion", shell]).Invoke(new InvocationConfiguration { Output = output }));
        Assert.Contains(line, output.ToString(), StringComparison.Ordinal);
        Assert.Contains("[suggest:", output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Evaluates the script in a real bash, sets what bash sets on Tab, and calls what it calls.</summary>
    private async Task<string> CompleteAsync(string line, int? cursor = null)
    {
        _home.Define("work", "port: 1\n");
        _home.Define("lab", "garbage: [");
        const string script = """
            PROGRAM=("$@"); hyperspace() { "${PROGRAM[@]}" "$@"; }
            source <(hyperspace completion bash)
            COMP_LINE="$LINE"; COMP_POINT="$POINT"
            read -ra COMP_WORDS <<< "${LINE:0:POINT}"; [[ "${LINE:0:POINT}" == *" " ]] && COMP_WORDS+=("")
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            handler="$(complete -p hyperspace)"; handler="${handler##*-F }"; handler="${handler%% *}"
            "$handler" hyperspace "${COMP_WORDS[COMP_CWORD]}" ""
            printf '%s\n' "${COMPREPLY[@]}" | grep -v '^-' | sort | paste -sd ' '
            """;
        (int code, string output) = await ChildProcess.RunAsync(_home, script, [], ("LINE", line), ("POINT", $"{cursor ?? line.Length}"));
        Assert.Equal(0, code);
        return output.Trim();
    }

    public void Dispose() => _home.Dispose();
}
