using Hyperspace.Linux;
using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;

namespace Hyperspace.Tests.Unit.Machines;

/// <summary>A run whose monitor is scripted. Its process is this one, so no test here may end it.</summary>
public sealed class QemuMachineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hsm").FullName;
    private readonly QemuFiles _files;

    public QemuMachineTests()
    {
        _files = new QemuFiles(HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _folder : null, root: false), "vm");
        Directory.CreateDirectory(_files.Sockets);
        Directory.CreateDirectory(_files.State);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("running", false)]
    [InlineData("suspended", false)]
    [InlineData("paused", true)]
    [InlineData("prelaunch", true)]
    [InlineData("inmigrate", true)]
    [InlineData("postmigrate", true)]
    [InlineData("watchdog", true)]
    [InlineData("io-error", true)]
    [InlineData("a state of a later QEMU", false)]
    public async Task An_adopted_run_is_paused_in_the_states_that_a_resume_leads_out_of(string status, bool paused)
    {
        await using var monitor = new ScriptedMonitor(_files.Qmp) { Answer = (name, id) => AnswerStatus(name, id, status) };
        await using QemuMachine machine = await AdoptAsync();
        Assert.Equal((paused, status == "io-error"), (machine.IsPaused, machine.Trouble is not null));
        Assert.False(machine.Ended.IsCompleted);
    }

    [Fact]
    public async Task Stops_and_resumes_are_followed()
    {
        string status = "running";
        await using var monitor = new ScriptedMonitor(_files.Qmp) { Answer = (name, id) => AnswerStatus(name, id, status) };
        await using QemuMachine machine = await AdoptAsync();
        status = "io-error";
        await monitor.SendAsync("""{"event": "BLOCK_IO_ERROR", "data": {"device": "", "node-name": "disk0", "operation": "write", "action": "stop", "nospace": true, "reason": "No space left on device"}}""");
        await monitor.SendAsync("""{"event": "STOP"}""");
        await Stage.UntilAsync(() => machine.IsPaused, () => "a pause");
        Assert.Contains("No space left on device", machine.Trouble, StringComparison.Ordinal);
        status = "running";
        await monitor.SendAsync("""{"event": "RESUME"}""");
        await Stage.UntilAsync(() => !machine.IsPaused, () => "the end of the pause");
        Assert.Null(machine.Trouble);
    }

    [Fact]
    public async Task A_status_that_is_overtaken_by_a_resume_is_no_longer_true()
    {
        bool overtaken = false;
        await using var monitor = new ScriptedMonitor(_files.Qmp);
        monitor.Answer = (name, id) => AnswerStatus(name, id, overtaken ? "paused" : "running") + (overtaken && name == "query-status" ? "\r\n{\"event\": \"RESUME\"}" : "");
        await using QemuMachine machine = await AdoptAsync();
        overtaken = true;
        for (int i = 0; i < 20; i++)
        {
            int resumed = 0;
            machine.Changed += () => Interlocked.Add(ref resumed, machine.IsPaused ? 0 : 1);
            await monitor.SendAsync("""{"event": "STOP"}""");
            await Stage.UntilAsync(() => Volatile.Read(ref resumed) > 0, () => "the resume");
            await Task.Delay(10);
            Assert.False(machine.IsPaused);
        }
    }

    [Fact]
    public async Task A_monitor_that_sends_garbage_is_left_the_VM_goes_on_and_the_monitor_is_tried_again()
    {
        await using var monitor = new ScriptedMonitor(_files.Qmp) { Answer = (name, id) => AnswerStatus(name, id, "running") };
        await using QemuMachine machine = await AdoptAsync();
        await monitor.SendAsync("\u0000\u0001 garbage");
        await Stage.UntilAsync(() => machine.Trouble is not null, () => "trouble");
        Assert.False(machine.Ended.IsCompleted);
        var e = await Assert.ThrowsAsync<MachineException>(() => machine.PauseAsync(CancellationToken.None));
        Assert.Contains("cannot be controlled now", e.Message, StringComparison.Ordinal);

        await Stage.UntilAsync(() => machine.Trouble is null, () => "another connection");
        Assert.Equal(2, monitor.Connections);
        await machine.PauseAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_run_whose_monitor_is_away_is_adopted_with_trouble_and_found_again()
    {
        await using QemuMachine machine = await AdoptAsync();
        Assert.Contains("does not answer", machine.Trouble, StringComparison.Ordinal);
        await using var monitor = new ScriptedMonitor(_files.Qmp) { Answer = (name, id) => AnswerStatus(name, id, "paused") };
        await Stage.UntilAsync(() => machine.IsPaused, () => "the monitor");
        Assert.Null(machine.Trouble);
    }

    [Fact]
    public async Task A_process_that_has_the_number_by_chance_is_not_the_run()
    {
        await using QemuMachine machine = await QemuMachine.AdoptAsync(Record() with { StartTime = 1 }, _files, CancellationToken.None);
        Assert.True((await machine.Ended).Crashed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"Pid": "a text"}""")]
    public void A_damaged_record_is_none(string text)
    {
        File.WriteAllText(_files.RunRecord, text);
        Assert.Null(RunRecord.Read(_files.RunRecord));
    }

    [Fact]
    public void A_record_of_another_boot_is_none_and_one_of_this_boot_is_read_back()
    {
        Record().Write(_files.RunRecord);
        Assert.Equal(Record() with { StartedAt = default }, RunRecord.Read(_files.RunRecord)! with { StartedAt = default });
        (Record() with { BootId = "another" }).Write(_files.RunRecord);
        Assert.Null(RunRecord.Read(_files.RunRecord));
    }

    private Task<QemuMachine> AdoptAsync() => QemuMachine.AdoptAsync(Record(), _files, CancellationToken.None);

    private static RunRecord Record() =>
        new(Environment.ProcessId, ProcessInfo.StartTime(Environment.ProcessId)!.Value, ProcessInfo.BootId, 7, DateTimeOffset.UtcNow, "tcg");

    private static string AnswerStatus(string name, long id, string status) =>
        name == "query-status" ? $$$"""{"return": {"status": "{{{status}}}", "running": true}, "id": {{{id}}}}""" : $$$"""{"return": {}, "id": {{{id}}}}""";
}
