using System.Diagnostics;
using System.Text.RegularExpressions;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration;

/// <summary>The commands of the README, run as they stand there, one after the other, with a real daemon, a real seat and a real VM.</summary>
[Collection(QemuCollection.Name)]
public sealed class ReadmeTests : IDisposable
{
    /// <summary>Set-up and installation, which would change the machine; ./run itself is what CI runs first.</summary>
    private static readonly string[] NotRunHere = ["git clone ", "cd hyperspace", "./run"];

    private readonly string _home = Directory.CreateTempSubdirectory("hsr").FullName;
    private readonly List<Process> _background = [];

    [Fact]
    public void Every_command_does_what_it_says()
    {
        string[] commands = [.. Commands()];
        Assert.True(commands.Length > 10, $"found only {commands.Length} commands in the README");
        Directory.CreateDirectory(Path.Combine(_home, "Downloads"));
        File.WriteAllBytes(Path.Combine(_home, "Downloads", "installer.iso"), new byte[1 << 20]);
        StartAndWait("daemon", () => Succeeds("host"));
        StartAndWait("seat --output headless", () => Succeeds("seat status"));
        foreach (string command in commands)
        {
            (int code, string output) = Shell(command);
            Assert.True(code == 0, $"{command} ended with {code}: {output}");
            if (command == "hyperspace vm list")
            {
                Assert.Matches(@"demo\s.*running", output);
            }
        }

        Assert.True(File.Exists(Path.Combine(_home, "two.png")));
        Assert.Empty(Directory.GetFiles(Path.Combine(_home, "config", "vms"), "*.yaml"));
    }

    /// <summary>The lines of the README's indented blocks, but for those that only a person runs.</summary>
    private static IEnumerable<string> Commands()
    {
        string[] lines = File.ReadAllLines(Path.Combine(TestProgram.Top, "README.md"));
        string[] commands = [.. lines.Where(line => Regex.IsMatch(line, "^    +\\S")).Select(line => line.Trim()).Where(line => line.StartsWith("hyperspace ", StringComparison.Ordinal) || NotRunHere.Any(line.StartsWith))];
        return commands.Where(line => !NotRunHere.Any(line.StartsWith));
    }

    private bool Succeeds(string arguments) => Shell($"hyperspace {arguments}").Code == 0;

    private (int Code, string Output) Shell(string command)
    {
        using Process shell = Start("/bin/sh", ["-c", $"{command} 2>&1"]);
        shell.StandardInput.Close();
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return (shell.ExitCode, output);
    }

    private void StartAndWait(string arguments, Func<bool> ready)
    {
        Process process = Start(TestProgram.Path, arguments.Split(' '));
        process.BeginOutputReadLine();
        _background.Add(process);
        for (int i = 0; i < 200 && !ready(); i++)
        {
            Assert.False(process.HasExited, $"hyperspace {arguments} has ended");
            Thread.Sleep(50);
        }

        Assert.True(ready(), $"hyperspace {arguments} is not ready");
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = _home };
        start.Environment["HYPERSPACE_HOME"] = _home;
        start.Environment["HOME"] = _home;
        start.Environment["PATH"] = $"{Path.GetDirectoryName(TestProgram.Path)}:{Environment.GetEnvironmentVariable("PATH")}";
        return Process.Start(start)!;
    }

    public void Dispose()
    {
        Shell("hyperspace vm kill demo");
        foreach (Process process in _background)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_home, recursive: true);
    }
}

/// <summary>The program under test, as it was built beside the tests.</summary>
internal static class TestProgram
{
    /// <summary>The folder of the checkout: five above .../tests/Integration/bin/CONFIGURATION/net10.0/.</summary>
    public static string Top { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string Path { get; } =
        System.IO.Path.Combine(Top, "src", "Hyperspace", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "linux-x64", "hyperspace");
}
