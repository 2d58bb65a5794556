using System.Diagnostics;
using System.Runtime.InteropServices;
using Hyperspace.Linux.Terminal;

namespace Hyperspace.Tests.Unit.Linux;

public class TermiosTests
{
    /// <summary>bits/termios-struct.h of glibc for x86_64 and aarch64; and the C compiler's word where there is one.</summary>
    [Fact]
    public void The_structures_are_laid_out_as_in_C()
    {
        string ours = string.Join(' ', Marshal.SizeOf<Termios>(), Offset(nameof(Termios.LocalFlags)), Offset(nameof(Termios.Line)),
            Offset(nameof(Termios.Characters)), Offset(nameof(Termios.InputSpeed)), Offset(nameof(Termios.OutputSpeed)), Termios.ControlCharacters, Marshal.SizeOf<TerminalWindow>());
        Assert.Equal("60 12 16 17 52 56 32 8", ours);
        if (File.Exists("/usr/bin/cc"))
        {
            Assert.Equal(AskCompiler(), ours);
        }
    }

    private static int Offset(string field) => (int)Marshal.OffsetOf<Termios>(field);

    private static string AskCompiler()
    {
        const string program = """
            #include <termios.h>
            #include <sys/ioctl.h>
            #include <stdio.h>
            #include <stddef.h>
            int main(void) {
                printf("%zu %zu %zu %zu %zu %zu %d %zu", sizeof(struct termios), offsetof(struct termios, c_lflag), offsetof(struct termios, c_line),
                    offsetof(struct termios, c_cc), offsetof(struct termios, c_ispeed), offsetof(struct termios, c_ospeed), NCCS, sizeof(struct winsize));
            }
            """;
        string folder = Directory.CreateTempSubdirectory("hyperspace-termios").FullName;
        try
        {
            string source = Path.Combine(folder, "layout.c"), binary = Path.Combine(folder, "layout");
            File.WriteAllText(source, program);
            using (var compiler = Process.Start("/usr/bin/cc", ["-o", binary, source]))
            {
                compiler.WaitForExit();
                Assert.Equal(0, compiler.ExitCode);
            }

            using var run = Process.Start(new ProcessStartInfo(binary) { RedirectStandardOutput = true })!;
            return run.StandardOutput.ReadToEnd();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
