using System.CommandLine;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm edit NAME</c>: the user edits a copy, which takes the definition's place only when it is right.</summary>
internal static class EditCommand
{
    public static Command Build(VmContext context)
    {
        Argument<string> name = context.NameArgument<string>("The VM.", ArgumentArity.ExactlyOne);
        return context.Does(
            new Command("edit", "Edit a VM's definition with $VISUAL or $EDITOR. The file is replaced only when what was written is right.") { name },
            (result, screen, cancel) => EditAsync(context, screen, result.GetRequiredValue(name), cancel));
    }

    private static async Task<int> EditAsync(VmContext context, Screen screen, string name, CancellationToken cancel)
    {
        string file = context.FileOf(name);
        string folder = Directory.CreateTempSubdirectory("hyperspace-edit-").FullName;
        string copy = Path.Combine(folder, name + ".yaml");
        bool keepCopy = false;
        try
        {
            byte[] before = File.ReadAllBytes(file);
            await File.WriteAllBytesAsync(copy, before, cancel);
            if (!EditUntilRight(context, screen, name, copy, before, out string? text))
            {
                keepCopy = !File.ReadAllBytes(copy).AsSpan().SequenceEqual(before);
                screen.Error($"{file} is as it was.{(keepCopy ? $" What was written is in {copy}." : "")}");
                return 1;
            }

            if (text is null)
            {
                screen.Line("Nothing has changed.");
                return 0;
            }

            keepCopy = true;
            if (!File.ReadAllBytes(file).AsSpan().SequenceEqual(before))
            {
                throw new MachineException($"{file} has been changed by someone else meanwhile, and stays as it is now. What was written is in {copy}.");
            }

            Write(context, name, text, copy);
            keepCopy = false;
            await context.TellDaemonAsync(cancel);
            screen.Line($"{file} has been changed. A VM that runs has it after its next start.");
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{file} cannot be edited: {e.Message}", e);
        }
        finally
        {
            if (!keepCopy)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void Write(VmContext context, string name, string text, string copy)
    {
        try
        {
            context.Store.Write(name, text);
        }
        catch (MachineException e)
        {
            throw new MachineException($"{e.Message} What was written is in {copy}.", e);
        }
    }

    /// <param name="text">What was written and is right; null when it is what was there.</param>
    /// <returns>False when the editor failed or the user gave up.</returns>
    private static bool EditUntilRight(VmContext context, Screen screen, string name, string copy, byte[] before, out string? text)
    {
        text = null;
        while (true)
        {
            int code = context.Edit(copy);
            if (code != 0)
            {
                screen.Error($"The editor ended with exit code {code}.");
                return false;
            }

            byte[] after = File.ReadAllBytes(copy);
            if (after.AsSpan().SequenceEqual(before))
            {
                return true;
            }

            LoadedDefinition loaded = Check(context, name, copy, out string? written);
            if (loaded.Definition is not null)
            {
                text = written;
                return true;
            }

            foreach (DefinitionError error in loaded.Errors)
            {
                screen.Error(error.ToString());
            }

            if (!screen.IsTerminal || !screen.Ask("Edit it again?", otherwise: true))
            {
                return false;
            }
        }
    }

    private static LoadedDefinition Check(VmContext context, string name, string copy, out string? text)
    {
        // What cannot be read as text at all is found by reading the file.
        LoadedDefinition alone = context.Store.Reader.ReadFile(copy);
        text = alone.Errors.Any(e => e is { Line: 0, Key: "" }) ? null : File.ReadAllText(copy);
        return text is null ? alone : context.Store.Check(name, text);
    }
}
