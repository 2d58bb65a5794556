using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>The lines below the list that tell more of the VM that is selected, above all why it does not run.</summary>
internal static class MachineDetails
{
    /// <summary>Draws a rule, a line of facts, and a sentence, as far as there are rows.</summary>
    public static void Draw(Canvas canvas, VmStatus vm, MoveMode? move, bool canSwitch)
    {
        if (canvas.Rows == 0)
        {
            return;
        }

        canvas.Repeat(0, 0, canvas.Columns, '─', Theme.Page.With(Theme.Faint));
        bool troubled = vm is { State: VmState.Crashed or VmState.Invalid, Reason: not null };
        int row = 1;
        if (canvas.Rows > 2 || (!troubled && move is null))
        {
            DrawFacts(canvas, row++, vm);
        }

        int rows = canvas.Rows - row;
        if (move is not null)
        {
            DrawMove(canvas, row, rows, vm, move);
        }
        else
        {
            Style style = Theme.Page.With(troubled ? Theme.Bad : Theme.Dim);
            canvas.Wrap(0, row, canvas.Columns, rows, vm.Reason ?? HintFor(vm, canSwitch), style);
        }
    }

    private static void DrawFacts(Canvas canvas, int row, VmStatus vm)
    {
        Style quiet = Theme.Page.With(Theme.Dim);
        int column = canvas.Write(0, row, "█ ", Theme.Page.With(Theme.ColorOf(vm.Color)));
        column = canvas.Fit(column, row, canvas.Columns - column, vm.Label, Theme.Page.Strong);
        Span<char> buffer = stackalloc char[160], memory = stackalloc char[40];
        int n = 0;
        if (vm.State == VmState.Invalid && vm.MemoryMiB == 0)
        {
            buffer.TryWrite($"  {vm.Name}", out n);
        }
        else
        {
            buffer.TryWrite($"  {vm.Name}, {vm.Cpus} {(vm.Cpus == 1 ? "CPU" : "CPUs")}, {ConsoleText.Memory(memory, null, vm.MemoryMiB)}, {vm.Accelerator}", out n);
        }

        column = canvas.Fit(column, row, canvas.Columns - column, buffer[..n], quiet);
        if (vm.Pid is { } pid && buffer.TryWrite($", process {pid}", out n))
        {
            column = canvas.Fit(column, row, canvas.Columns - column, buffer[..n], quiet);
        }

        if (vm.Restarts > 0)
        {
            buffer.TryWrite($"   restarted {vm.Restarts}{(vm.Restarts == 1 ? " time" : " times")}", out n);
            canvas.Fit(column, row, canvas.Columns - column, buffer[..n], Theme.Page.With(Theme.Warning));
        }
    }

    private static void DrawMove(Canvas canvas, int row, int rows, VmStatus vm, MoveMode move)
    {
        string text = move.IsSame ? $"Which port for {vm.Label}?"
            : move.Target is null ? $"{vm.Label} leaves its port."
            : move.Displaced is { } other ? $"{vm.Label} moves to port {move.Target}, and {other.Label} gets its old place."
            : $"{vm.Label} moves to port {move.Target}.";
        canvas.Wrap(0, row, canvas.Columns, rows, text, Theme.Page.With(Theme.Warning));
    }

    private static string HintFor(VmStatus vm, bool canSwitch) => (vm.State, canSwitch) switch
    {
        (VmState.Off or VmState.Crashed, true) when vm.Port is not null => "Enter starts it and switches to it.",
        (VmState.Off or VmState.Crashed, _) => "S starts it.",
        (VmState.Paused, _) => "It is paused: P lets it go on.",
        (VmState.Sleeping, true) when vm.Port is not null => "It sleeps: a key on its port wakes it, and P does.",
        (VmState.Sleeping, _) => "It sleeps: P wakes it.",
        (VmState.Stopping, _) => "It has been asked to power itself off; K ends it at once.",
        (VmState.Running, true) when vm.Port is not null => "Enter switches to it. Ctrl+Alt+Esc always leads back here.",
        (VmState.Running, true) => "It is on no port: M gives it one.",
        (VmState.Running, false) => "Space lists what can be done.",
        _ => "",
    };
}
