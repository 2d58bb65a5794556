using System.Diagnostics;
using Hyperspace.Linux;

namespace Hyperspace.Tests.Unit.Linux;

public sealed class ProcessHandleTests
{
    [Fact]
    public async Task The_end_of_a_process_is_noticed_and_killing_it_again_does_nothing()
    {
        using Process sleeper = Process.Start("sleep", ["1000"]);
        using ProcessHandle handle = ProcessHandle.Open(sleeper.Id)!;
        Assert.Equal((sleeper.Id, ProcessInfo.StartTime(sleeper.Id)), (handle.Pid, handle.StartTime));
        Assert.False(handle.Exited.IsCompleted);
        handle.Kill();
        await handle.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        await sleeper.WaitForExitAsync();
        handle.Kill();
        Assert.Null(ProcessHandle.Open(sleeper.Id));
    }

    [Fact]
    public void Another_process_of_the_same_number_is_not_taken()
    {
        Assert.Null(ProcessHandle.Open(Environment.ProcessId, startTime: 1));
        using ProcessHandle? self = ProcessHandle.Open(Environment.ProcessId, ProcessInfo.StartTime(Environment.ProcessId));
        Assert.NotNull(self);
    }

    [Fact]
    public async Task A_disposed_handle_tells_of_no_end()
    {
        using Process sleeper = Process.Start("sleep", ["1000"]);
        ProcessHandle handle = ProcessHandle.Open(sleeper.Id)!;
        using ProcessHandle other = ProcessHandle.Open(sleeper.Id)!;
        handle.Dispose();
        other.Kill();
        await other.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(handle.Exited.IsCompleted);
    }

    [Fact]
    public void What_proc_says_of_this_process_is_right()
    {
        int self = Environment.ProcessId;
        Assert.Contains(self, ProcessInfo.All());
        Assert.Equal(Environment.GetCommandLineArgs()[^1], ProcessInfo.UntrustedArguments(self)[^1]);
        Assert.Equal(Environment.IsPrivilegedProcess, ProcessInfo.User(self) == 0);
        Assert.InRange(ProcessInfo.ResidentBytes(self)!.Value, 10L << 20, Environment.WorkingSet * 2);
        Assert.True(ProcessInfo.CpuSeconds(self) > 0);
        Assert.NotNull(ProcessInfo.Parent(self));
        Assert.Matches("^[0-9a-f-]{36}$", ProcessInfo.BootId);
    }

    [Fact]
    public void A_process_that_is_gone_has_nothing()
    {
        Assert.Null(ProcessInfo.StartTime(int.MaxValue));
        Assert.Null(ProcessInfo.CpuSeconds(int.MaxValue));
        Assert.Null(ProcessInfo.ResidentBytes(int.MaxValue));
        Assert.Null(ProcessInfo.User(int.MaxValue));
        Assert.Empty(ProcessInfo.UntrustedArguments(int.MaxValue));
    }
}
