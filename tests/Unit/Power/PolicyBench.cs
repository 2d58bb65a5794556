using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Unit.Machines;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>The real policy between a scripted machine and scripted guests: a notebook on battery at 40 %, its lid open.</summary>
internal sealed class PolicyBench : IAsyncDisposable
{
    public const string SuspendOnly = "  - {when: lid closed, do: [suspend host]}\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsp-");

    private PolicyBench(string? rules, SleepyHost host, string[] names)
    {
        (RulesText, Host, Guests) = (rules is null ? DefaultRules.Yaml : "rules:\n" + rules, host, new ScriptedGuests(names));
        Power.Set(SetPower.Notebook(ac: false, 40));
        World = new PolicyWorld(Power, Guests, Host, () => RulesReader.Read("power.yaml", RulesText), () => null, () => false, Clock) { GoToConsole = Host.GoToConsoleAsync };
        Policy = new PowerPolicy(World, LogFile, HeldFile);
    }

    public ManualClock Clock { get; } = new();
    public SetPower Power { get; } = new();
    public SleepyHost Host { get; }
    public ScriptedGuests Guests { get; }
    public PolicyWorld World { get; }
    public PowerPolicy Policy { get; }
    public string RulesText { get; set; }
    public string LogFile => Path.Combine(_folder.FullName, "power.log");
    public string HeldFile => Path.Combine(_folder.FullName, "held");

    /// <param name="rules">Null for the built-in ones.</param>
    public static async Task<PolicyBench> StartAsync(string? rules = null, SleepyHost? host = null, string[]? names = null)
    {
        var bench = new PolicyBench(rules, host ?? new SleepyHost(), names ?? ["work", "lab"]);
        bench.Policy.Reload();
        await bench.Policy.StartAsync();
        return bench;
    }

    /// <param name="wait">Moves the clock when guests have been asked.</param>
    public async Task CloseLidAndSleepAsync(TimeSpan wait = default)
    {
        Power.Lid(false);
        Clock.Advance(OccasionFilter.LidSettle);
        if (wait > TimeSpan.Zero)
        {
            await UntilAsync(() => Guests.Calls.Count(c => c.StartsWith("sleep")) == Guests.Vms.Count);
            Clock.Advance(wait);
        }

        await UntilAsync(() => Host.IsAsleep);
    }

    /// <summary>Until no plan is being done.</summary>
    public Task QuietAsync() => UntilAsync(() => Policy.Status.Running is null);

    public async Task UntilAsync(Func<bool> holds)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"it never came to that; the log says:\n{string.Join('\n', Policy.Status.Recent)}\nguests: {string.Join(", ", Guests.Calls)}\nhost: {string.Join(", ", Host.Calls)}");
            await Task.Delay(1);
        }
    }

    public void Says(string text) => Assert.Contains(File.ReadAllLines(LogFile), line => line[20..].StartsWith(text, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        if (Host.IsAsleep)
        {
            Host.WakeUp();
        }

        await Policy.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
