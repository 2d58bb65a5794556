using System.Diagnostics;
using Hyperspace.Linux;

namespace Hyperspace.Tests.Unit.Linux;

public class ProcessPriorityTests
{
    [Fact]
    public void Threads_and_the_sessions_group_become_modest()
    {
        // The shell says something when it is in its new session.
        using Process process = Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", "echo; exec sleep 60"]) { RedirectStandardOutput = true })!;
        try
        {
            process.StandardOutput.ReadLine();
            ProcessPriority.Set(process.Id, 7);

            // proc_pid_stat(5): the nice value is field 19, and the name before it may hold spaces.
            string stat = File.ReadAllText($"/proc/{process.Id}/stat");
            Assert.Equal("7", stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16]);

            // Where the kernel was built without groups there is no such file.
            if (File.Exists($"/proc/{process.Id}/autogroup"))
            {
                Assert.EndsWith("nice 7", File.ReadAllText($"/proc/{process.Id}/autogroup").Trim());
            }
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void One_that_is_gone_is_no_error() => ProcessPriority.Set(int.MaxValue, 7);
}
