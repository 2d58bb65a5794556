using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Power;

/// <summary>What the rules are doing, cancelling it, and the brightness.</summary>
internal static class PolicyCommands
{
    public static Command Log(HyperspacePaths paths)
    {
        Option<bool> json = PowerCommand.Json();
        var command = new Command("log", "Show what the power rules decided and did last, and the plan that is being done.") { json };
        command.SetAction(async (result, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            PolicyStatus status = await client.GetPolicyAsync(cancel);
            if (result.GetValue(json))
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(status, ReadableJson.Default.PolicyStatus));
                return 0;
            }

            foreach (string line in status.Recent)
            {
                Console.Out.WriteLine(line);
            }

            Console.Out.WriteLine(status.Running is { } running ? $"now: {running}" : "now: nothing is being done.");
            Console.Out.WriteLine($"this machine is suspended and powered off by: {status.Way}");
            return 0;
        });
        return command;
    }

    public static Command Cancel(HyperspacePaths paths)
    {
        var command = new Command("cancel", "Give up what is not done yet of the plan that the power rules are doing. Guests that it holds go on.");
        command.SetAction(async (_, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            PolicyStatus before = await client.CancelPolicyAsync(cancel);
            Console.Out.WriteLine(before.Running is { } plan ? $"Cancelled: {plan}" : "Nothing is being done.");
            return 0;
        });
        return command;
    }

    public static Command Brightness(HyperspacePaths paths)
    {
        var value = new Argument<string?>("percent") { Description = "0 to 100, or a change such as +10 or -10. Without it the brightness is shown.", Arity = ArgumentArity.ZeroOrOne, HelpName = "PERCENT|+N|-N" };
        var command = new Command("brightness", "Show or set the brightness of this machine's own panel.") { value };
        command.SetAction(async (result, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            int now = await client.GetBrightnessAsync(cancel);
            if (result.GetValue(value) is { } text)
            {
                now = await client.SetBrightnessAsync(Wanted(text, now), cancel);
            }

            Console.Out.WriteLine($"{now} %");
            return 0;
        });

        return command;
    }

    /// <summary>A change stops at 1 and at 100, so that nobody is left in the dark by accident.</summary>
    /// <exception cref="IOException">It makes no sense.</exception>
    internal static int Wanted(string text, int now)
    {
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) || number is < -100 or > 100)
        {
            throw new IOException($"\"{text}\" is not a brightness; expected 0 to 100, or a change such as +10 or -10.");
        }

        return text[0] is '+' or '-' ? Math.Clamp(now + number, 1, 100) : number;
    }
}
