using System.CommandLine;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace completion bash|zsh|fish</c>: what a shell evaluates to complete commands, options and names of VMs.</summary>
internal static class CompletionCommand
{
    /// <summary>The words come from the program itself: its directive [suggest:POSITION] takes the command line as the user has typed it.</summary>
    private const string Bash = """
        # hyperspace: completion for bash. Put this into ~/.bashrc:  source <(hyperspace completion bash)
        _hyperspace() {
            local cur line
            line="${COMP_LINE:0:COMP_POINT}"
            cur="$line"
            case "$cur" in *[[:space:]]) cur="" ;; *) cur="${cur##*[[:space:]]}" ;; esac
            COMPREPLY=()
            while IFS= read -r line; do
                [[ "$line" == "$cur"* && "$line" != /[?h] && -n "$line" ]] && COMPREPLY+=("${line#"${cur%"${COMP_WORDS[COMP_CWORD]}"}"}")
            done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
        }
        complete -o default -F _hyperspace hyperspace

        """;

    private const string Zsh = """
        #compdef hyperspace
        # hyperspace: completion for zsh. Put this into ~/.zshrc after compinit:  source <(hyperspace completion zsh)
        _hyperspace() {
            local -a words_found
            words_found=(${${(f)"$("${words[1]}" "[suggest:${CURSOR}]" "${BUFFER[1,CURSOR]}" 2>/dev/null)"}:#/[?h]})
            if (( ${#words_found} )); then compadd -a words_found; else _files; fi
        }
        compdef _hyperspace hyperspace

        """;

    private const string Fish = """
        # hyperspace: completion for fish. Put this into ~/.config/fish/completions/hyperspace.fish
        function __hyperspace_complete
            set -l line (commandline -cp)
            hyperspace "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null | string match -v -r '^/[?h]$'
        end
        complete -c hyperspace -a '(__hyperspace_complete)'

        """;

    public static Command Build()
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell.", HelpName = "bash|zsh|fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a script that completes commands, options and names of VMs; its first line says where to put it.") { shell };
        command.SetAction(result => result.InvocationConfiguration.Output.Write(result.GetRequiredValue(shell) switch { "zsh" => Zsh, "fish" => Fish, _ => Bash }));
        return command;
    }
}
