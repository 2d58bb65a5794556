using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Machines;

/// <summary>Whatever users, guests and time do in whatever order, at the same time too.</summary>
public sealed class MachineProperties
{
    public enum Step { Start, Stop, Kill, Reset, Pause, Resume, StartSucceeds, StartFails, GuestPowersOff, Crashes, GuestPauses, TimePasses, DefinitionBreaks, DefinitionIsMended, Breathe }

    [Fact]
    public void At_most_one_process_lives_the_end_is_consistent_and_only_sentences_are_thrown()
    {
        Gen<Step[]> scripts = Gen.ArrayOf(Gen.Elements(Enum.GetValues<Step>()));
        var property = Prop.ForAll(Arb.From(scripts), steps => PlayAsync(steps).GetAwaiter().GetResult());
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(60));
    }

    private static async Task<bool> PlayAsync(Step[] steps)
    {
        var engine = new EngineThatWaits { OnPowerDown = _ => { } };
        using var stage = new Stage(engine, new RestartDefinition(RestartPolicy.OnCrash, 2), TimeSpan.FromSeconds(5));
        var calls = new List<Task>();
        foreach (Step step in steps)
        {
            await DoAsync(step, stage, engine, calls);
        }

        // Everything that waits for somebody is let go on, until nothing waits any more.
        Task all = Task.WhenAll(calls.Select(IgnoreSentences));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!all.IsCompleted)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"A call never ended; the VM is {stage.Status}");
            engine.Release(null);
            stage.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        await all;
        await stage.Machine.KillAsync(CancellationToken.None);
        Assert.True(engine.MostAtOnce <= 1, $"{engine.MostAtOnce} processes lived at once");
        Assert.DoesNotContain(engine.Runs, run => run.IsAlive);
        Assert.Contains(stage.Status.State, new[] { VmState.Off, VmState.Crashed, VmState.Invalid });
        int[] generations = [.. engine.Runs.Select(run => run.Generation)];
        Assert.Equal(generations.Distinct().Order(), generations);

        // It is as usable as at first.
        stage.Machine.Redefine(Stage.Loaded("vm"));
        Task start = stage.Machine.StartAsync(CancellationToken.None);
        await Stage.UntilAsync(() => engine.Release(null), () => "the last start");
        await start;
        Assert.Equal(VmState.Running, stage.Status.State);
        return true;
    }

    private static async Task DoAsync(Step step, Stage stage, EngineThatWaits engine, List<Task> calls)
    {
        switch (step)
        {
            case Step.Start:
                calls.Add(Task.Run(() => stage.Machine.StartAsync(CancellationToken.None)));
                break;
            case Step.Stop:
                calls.Add(Task.Run(() => stage.Machine.StopAsync(CancellationToken.None)));
                break;
            case Step.Kill:
                calls.Add(Task.Run(() => stage.Machine.KillAsync(CancellationToken.None)));
                break;
            case Step.Reset:
                calls.Add(Task.Run(() => stage.Machine.ResetAsync(CancellationToken.None)));
                break;
            case Step.Pause:
                calls.Add(Task.Run(() => stage.Machine.PauseAsync(CancellationToken.None)));
                break;
            case Step.Resume:
                calls.Add(Task.Run(() => stage.Machine.ResumeAsync(CancellationToken.None)));
                break;
            case Step.StartSucceeds:
                engine.Release(null);
                break;
            case Step.StartFails:
                engine.Release("QEMU ended at once.");
                break;
            case Step.GuestPowersOff:
                engine.Runs.LastOrDefault()?.End(new MachineEnd(false, "The guest powered itself off."));
                break;
            case Step.Crashes:
                engine.Runs.LastOrDefault()?.End(new MachineEnd(true, "It fell over."));
                break;
            case Step.GuestPauses:
                engine.Runs.LastOrDefault()?.Pause(true, "The disk is full.");
                break;
            case Step.TimePasses:
                stage.Clock.Advance(TimeSpan.FromSeconds(2));
                break;
            case Step.DefinitionBreaks:
                stage.Machine.Redefine(new LoadedDefinition("vm", "/nowhere/vm.yaml", null, [new DefinitionError("/nowhere/vm.yaml", 1, "memory", "It is wrong.", null)]));
                break;
            case Step.DefinitionIsMended:
                stage.Machine.Redefine(Stage.Loaded("vm", new RestartDefinition(RestartPolicy.OnCrash, 2), TimeSpan.FromSeconds(5)));
                break;
            case Step.Breathe:
                await Task.Delay(1);
                break;
        }
    }

    private static async Task IgnoreSentences(Task call)
    {
        try
        {
            await call;
        }
        catch (MachineException)
        {
            // Refused, with a sentence.
        }
    }
}
