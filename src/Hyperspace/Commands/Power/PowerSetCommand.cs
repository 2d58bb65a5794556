using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Power;

/// <summary><c>hyperspace power set battery | ac | lid | backlight | no-batteries</c>: values in place of the machine's own, until <c>power release</c>.</summary>
internal static class PowerSetCommand
{
    public static Command Build(HyperspacePaths paths) => new("set", "Set values in place of this machine's own, for tests and kiosks, until \"power release\" or the daemon's end.")
    {
        Battery(paths),
        OneOf(paths, "ac", "The charger.", "on", "off", on => new PowerSetting(AcOnline: on)),
        OneOf(paths, "lid", "The lid.", "open", "closed", open => new PowerSetting(LidOpen: open)),
        Backlight(paths),
        NoBatteries(paths),
    };

    private static Command Battery(HyperspacePaths paths)
    {
        Option<bool> json = PowerCommand.Json();
        Argument<int> level = Percent("level", "Its charge in percent, 0 to 100.");
        var name = new Option<string>("--name") { Description = "Which battery.", HelpName = "NAME", DefaultValueFactory = _ => "BAT0" };
        Option<bool> charging = Flag("--charging"), discharging = Flag("--discharging"), full = Flag("--full"), absent = Flag("--absent");
        absent.Description = "Its bay is empty.";
        var command = new Command("battery", "A battery. Without a word for what it does it discharges when the charger is off, else it does not charge.") { level, name, charging, discharging, full, absent, json };
        command.Validators.Add(result =>
        {
            if (new[] { charging, discharging, full, absent }.Count(flag => result.GetValue(flag)) > 1)
            {
                result.AddError("A battery does one thing at a time; expected one of --charging, --discharging, --full and --absent.");
            }
        });
        command.SetAction((result, cancel) => PowerCommand.AskAsync(paths, result.GetValue(json), async client =>
        {
            BatteryStatus? said = result.GetValue(charging) ? BatteryStatus.Charging : result.GetValue(discharging) ? BatteryStatus.Discharging : result.GetValue(full) ? BatteryStatus.Full : null;
            BatteryStatus status = said ?? ((await client.GetPowerAsync(cancel)).Host.AcOnline == false ? BatteryStatus.Discharging : BatteryStatus.NotCharging);
            var battery = new BatteryState(result.GetRequiredValue(name), !result.GetValue(absent), status, result.GetRequiredValue(level));
            return await client.SetPowerAsync(new PowerSetting([battery]), cancel);
        }));
        return command;
    }

    private static Command OneOf(HyperspacePaths paths, string name, string description, string yes, string no, Func<bool, PowerSetting> setting)
    {
        Option<bool> json = PowerCommand.Json();
        var state = new Argument<string>("state") { Description = $"{yes} or {no}." };
        state.AcceptOnlyFromAmong(yes, no);
        var command = new Command(name, description) { state, json };
        command.SetAction((result, cancel) => PowerCommand.AskAsync(paths, result.GetValue(json), client => client.SetPowerAsync(setting(result.GetRequiredValue(state) == yes), cancel)));
        return command;
    }

    private static Command Backlight(HyperspacePaths paths)
    {
        Option<bool> json = PowerCommand.Json();
        Argument<int> percent = Percent("percent", "0 to 100.");
        var command = new Command("backlight", "What the backlight is said to be; the real one stays as it is.") { percent, json };
        command.SetAction((result, cancel) => PowerCommand.AskAsync(paths, result.GetValue(json), client => client.SetPowerAsync(new PowerSetting(BacklightPercent: result.GetRequiredValue(percent)), cancel)));
        return command;
    }

    private static Command NoBatteries(HyperspacePaths paths)
    {
        Option<bool> json = PowerCommand.Json();
        var command = new Command("no-batteries", "This machine has no battery, as a desktop PC.") { json };
        command.SetAction((result, cancel) => PowerCommand.AskAsync(paths, result.GetValue(json), client => client.SetPowerAsync(new PowerSetting(NoBatteries: true), cancel)));
        return command;
    }

    private static Option<bool> Flag(string name) => new(name) { Arity = ArgumentArity.Zero, Description = "What it does." };

    private static Argument<int> Percent(string name, string description)
    {
        var argument = new Argument<int>(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value and (< 0 or > 100))
            {
                result.AddError($"{value} is no percentage; expected 0 to 100.");
            }
        });
        return argument;
    }
}
