using System.CommandLine;
using System.Text.Json;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Power;

/// <summary><c>hyperspace power</c>: this machine's batteries, charger and lid, and what each VM sees of them.</summary>
internal static class PowerCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var command = new Command("power", "Show this machine's batteries, charger, lid, backlight and temperature, and what each VM sees.")
        {
            json, PowerSetCommand.Build(paths), Press(paths), Release(paths),
            RulesCommand.Build(paths), ExplainCommand.Build(paths), PolicyCommands.Log(paths), PolicyCommands.Cancel(paths), PolicyCommands.Brightness(paths),
        };
        command.SetAction((result, cancel) => AskAsync(paths, result.GetValue(json), client => client.GetPowerAsync(cancel)));
        return command;
    }

    private static Command Press(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var button = new Argument<string>("button") { Description = "power or sleep." };
        button.AcceptOnlyFromAmong("power", "sleep");
        var command = new Command("press", "Press this machine's power or sleep button, as far as rules are concerned.") { button, json };
        command.SetAction((result, cancel) =>
        {
            var setting = new PowerSetting(Press: result.GetRequiredValue(button) == "power" ? PowerButton.Power : PowerButton.Sleep);
            return AskAsync(paths, result.GetValue(json), client => client.SetPowerAsync(setting, cancel));
        });
        return command;
    }

    private static Command Release(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var command = new Command("release", "Let the machine's own values count again, after \"power set\".") { json };
        command.SetAction((result, cancel) => AskAsync(paths, result.GetValue(json), client => client.ReleasePowerAsync(cancel)));
        return command;
    }

    internal static Option<bool> Json() => new("--json") { Description = "One JSON object." };

    internal static async Task<int> AskAsync(HyperspacePaths paths, bool json, Func<ControlClient, Task<PowerReport>> ask)
    {
        using var client = new ControlClient(paths.ApiSocket);
        PowerReport report = await ask(client);
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, ReadableJson.Default.PowerReport));
        }
        else
        {
            PowerPrinter.Print(report, Console.Out);
        }

        return 0;
    }
}
