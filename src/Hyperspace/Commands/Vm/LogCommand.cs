using System.CommandLine;
using Hyperspace.Machines;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm log NAME</c>: what a guest wrote to its serial line, what QEMU said, what happened to the VM.</summary>
internal static class LogCommand
{
    private const int Window = 1000;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    public static Command Build(VmContext context)
    {
        Argument<string> name = context.NameArgument<string>("The VM.", ArgumentArity.ExactlyOne);
        var log = new Option<string>("--log") { Description = "Which one: the guest's serial line, QEMU's own messages, or what happened to the VM.", HelpName = "serial|qemu|events", DefaultValueFactory = _ => "serial" };
        log.AcceptOnlyFromAmong("serial", "qemu", "events");
        var lines = new Option<int>("--lines", "-n") { Description = "So many of the last lines, 1 to 10000.", HelpName = "N", DefaultValueFactory = _ => 50 };
        lines.Validators.Add(option =>
        {
            if (option.GetValueOrDefault<int>() is < 1 or > 10_000)
            {
                option.AddError("--lines is out of range; expected 1 to 10000.");
            }
        });
        var follow = new Option<bool>("--follow", "-f") { Arity = ArgumentArity.Zero, Description = "Go on with what comes, until Ctrl+C." };
        return context.Does(new Command("log", "Show the end of a VM's log.") { name, log, lines, follow }, async (result, screen, cancel) =>
        {
            (string vm, string which) = (result.GetRequiredValue(name), result.GetRequiredValue(log));
            using IVmControl daemon = context.Connect();
            bool answers = await daemon.IsAnsweringAsync(cancel);
            if (!answers)
            {
                context.FileOf(vm);
            }

            Task<IReadOnlyList<string>> ReadAsync(int count) =>
                answers ? daemon.GetLogAsync(vm, which, count, cancel) : Task.FromResult(LogTail.Lines(Path.Combine(context.Paths.VmState(vm), which + ".log"), count));
            if (!result.GetValue(follow))
            {
                foreach (string line in await ReadAsync(result.GetValue(lines)))
                {
                    screen.Line(line);
                }

                return 0;
            }

            await FollowAsync(new LogFollower(screen.Out, result.GetValue(lines)), () => ReadAsync(Math.Max(Window, result.GetValue(lines))), cancel);
            return 0;
        });
    }

    private static async Task FollowAsync(LogFollower follower, Func<Task<IReadOnlyList<string>>> read, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                follower.Show(await read());
                await Task.Delay(Period, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            follower.End();
        }
    }
}
