using System.CommandLine;
using Hyperspace.Client;
using Hyperspace.Commands.Vm;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Unit.Definitions;

namespace Hyperspace.Tests.Unit.Commands;

/// <summary>Runs <c>hyperspace vm ...</c> in this process, in a Hyperspace of its own, with what a user types and sees as texts.</summary>
internal sealed class VmBench : IDisposable
{
    public Home Home { get; } = new();

    public ScriptedDaemon Daemon { get; } = new();

    /// <summary>What the user types, line by line; null: there is no terminal.</summary>
    public string? Typed { get; set; }

    public bool HasColor { get; set; }

    /// <summary>What the user does in the editor, one after the other; each returns the editor's exit code.</summary>
    public Queue<Func<string, int>> Edits { get; } = new();

    public string Out { get; private set; } = "";

    public string Error { get; private set; } = "";

    /// <summary>Both, and the user's folder as @.</summary>
    public string Said => (Out + Error).Replace(Home.Folder, "@", StringComparison.Ordinal);

    /// <returns>The exit code.</returns>
    public int Run(params string[] arguments) => RunAsync(CancellationToken.None, arguments).GetAwaiter().GetResult();

    public async Task<int> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        var typed = new StringReader(Typed ?? "");
        var context = new VmContext(Home.Paths)
        {
            Host = Home.Host,
            Input = () => typed,
            IsTerminal = Typed is not null,
            HasColor = HasColor,
            Connect = () => Daemon,
            Edit = file => Edits.Dequeue()(file),
        };
        var root = new RootCommand { VmCommand.Build(context) };
        var (output, error) = (new StringWriter(), new StringWriter());
        int code = await root.Parse(["vm", .. arguments]).InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false }, cancel);
        (Out, Error) = (output.ToString(), error.ToString());
        return code;
    }

    public string Text(string name) => File.ReadAllText(Home.Store.FileOf(name));

    public void Dispose() => Home.Dispose();
}

/// <summary>A daemon that knows the VMs that a test gives it, and notes what it is asked. At first it is not there.</summary>
internal sealed class ScriptedDaemon : IVmControl
{
    private readonly Lock _lock = new();

    public bool IsThere { get; set; }

    public List<VmStatus> Vms { get; } = [];

    /// <summary>Acts and reloads, in words.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>VMs for which it refuses what is asked, with the sentence.</summary>
    public Dictionary<string, string> Refusals { get; } = [];

    /// <summary>A log's windows, one for each time that it is asked for; the last one stays.</summary>
    public Queue<string[]> Logs { get; } = new();

    /// <summary>Called when the last window has been given.</summary>
    public Action? LogsEnd { get; set; }

    public static VmStatus Vm(string name, int? port, VmState state, string? reason = null) => new(
        name, name.ToUpperInvariant(), "#3b82f6", port, state, reason, 2048, 2, "tcg", 12.4, 512L << 20, state == VmState.Running ? DateTimeOffset.Now.AddMinutes(-125) : null, 1, 1);

    public Task<bool> IsAnsweringAsync(CancellationToken cancel) => Task.FromResult(IsThere);

    public Task<IReadOnlyList<VmStatus>> GetVmsAsync(CancellationToken cancel) => Answer<IReadOnlyList<VmStatus>>(Vms);

    public Task ActAsync(string vm, VmAction action, CancellationToken cancel)
    {
        lock (_lock)
        {
            Asked.Add($"{action} {vm}");
        }

        return Refusals.TryGetValue(vm, out string? refusal) ? Task.FromException(new ControlException(refusal)) : Answer(true);
    }

    public Task<VmStatus> InstantAsync(string vm, InstantAction action, CancellationToken cancel)
    {
        lock (_lock)
        {
            Asked.Add($"{action} {vm}");
        }

        return Refusals.TryGetValue(vm, out string? refusal) ? Task.FromException<VmStatus>(new ControlException(refusal)) : Answer(Vms.First(v => v.Name == vm));
    }

    public Task<IReadOnlyList<string>> GetLogAsync(string vm, string log, int maxLines, CancellationToken cancel)
    {
        Asked.Add($"{log} of {vm}");
        if (Logs.Count == 1)
        {
            LogsEnd?.Invoke();
        }

        string[] window = Logs.Count > 1 ? Logs.Dequeue() : Logs.Peek();

        return Answer<IReadOnlyList<string>>([.. window.TakeLast(maxLines)]);
    }

    public Task ReloadAsync(CancellationToken cancel)
    {
        Asked.Add("reload");
        return Answer(true);
    }

    public void Dispose()
    {
    }

    private Task<T> Answer<T>(T answer) => IsThere ? Task.FromResult(answer) : Task.FromException<T>(new ControlException("No daemon answers; \"hyperspace daemon\" starts one."));
}
