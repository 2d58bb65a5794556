namespace Hyperspace.Machines.Power.Policy;

/// <summary>Which VMs are held for a suspended host, in a file: a daemon that is ended meanwhile leaves it to the next one.</summary>
/// <param name="file">In the runtime folder, which is empty after a reboot; null to keep none.</param>
internal sealed class SuspendRecord(string? file)
{
    /// <summary>A file that cannot be written costs only this.</summary>
    public void Write(IEnumerable<string> vms) => Quietly(path => File.WriteAllLines(path, vms));

    public void Forget() => Quietly(File.Delete);

    public IReadOnlyList<string> Read()
    {
        IReadOnlyList<string> vms = [];
        Quietly(path => vms = File.Exists(path) ? [.. File.ReadAllLines(path).Where(line => line.Length > 0)] : []);
        return vms;
    }

    private void Quietly(Action<string> act)
    {
        try
        {
            if (file is not null)
            {
                act(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: {file}: {e.Message}");
        }
    }
}
