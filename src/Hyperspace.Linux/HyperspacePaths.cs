namespace Hyperspace.Linux;

/// <summary>
/// Where Hyperspace keeps its things. As root they are the system's folders; as a user those of the XDG Base Directory Specification 0.8;
/// with <c>HYPERSPACE_HOME</c> all lie in that one folder, for tests and for machines with several installations.
/// </summary>
/// <param name="Config">Definitions <c>vms/NAME.yaml</c> and <c>seat.yaml</c>.</param>
/// <param name="State">Disks, firmware variables and logs: <c>vms/NAME/</c>.</param>
/// <param name="Cache">Guests built from recipes: <c>guests/NAME/</c>. All of it can be made again.</param>
/// <param name="Runtime">Sockets and run records; gone after a reboot.</param>
public sealed record HyperspacePaths(string Config, string State, string Cache, string Runtime)
{
    /// <summary>The folder of the definitions, one <c>NAME.yaml</c> a VM.</summary>
    public string Definitions => Path.Combine(Config, "vms");

    /// <summary>What the machine does when its lid, buttons and battery say something; the built-in rules when it does not exist.</summary>
    public string PowerRules => Path.Combine(Config, "power.yaml");

    /// <summary>What came of the power rules, one line each.</summary>
    public string PowerLog => Path.Combine(State, "power.log");

    /// <summary>The control API: HTTP over this Unix socket.</summary>
    public string ApiSocket => Path.Combine(Runtime, "api.sock");

    /// <summary>The link between the daemon and its seat and consoles.</summary>
    public string LinkSocket => Path.Combine(Runtime, "link.sock");

    /// <summary>Held with flock by the one daemon.</summary>
    public string DaemonLock => Path.Combine(Runtime, "daemon.lock");

    /// <summary>Disks that Hyperspace made for a VM, its firmware variables and its logs.</summary>
    public string VmState(string name) => Path.Combine(State, "vms", name);

    /// <summary>A VM's QMP socket and run record.</summary>
    public string VmRuntime(string name) => Path.Combine(Runtime, "vms", name);

    /// <summary>A guest built from a recipe.</summary>
    public string Guest(string name) => Path.Combine(Cache, "guests", name);

    /// <summary>An installation in the cache, that only makes templates of the built guests, for others on this host to copy.</summary>
    public HyperspacePaths Prepared => new(Path.Combine(Cache, "prepared", "config"), Path.Combine(Cache, "prepared", "state"), Cache, Path.Combine(Cache, "prepared", "run"));

    /// <summary>The folders of this process's user.</summary>
    public static HyperspacePaths Current { get; } = Of(Environment.GetEnvironmentVariable, Environment.IsPrivilegedProcess);

    /// <param name="variable">Looks up an environment variable.</param>
    /// <exception cref="InvalidOperationException">Neither HYPERSPACE_HOME nor HOME is an absolute path.</exception>
    public static HyperspacePaths Of(Func<string, string?> variable, bool root)
    {
        string? cache = Absolute(variable("HYPERSPACE_CACHE"));
        if (Absolute(variable("HYPERSPACE_HOME")) is { } home)
        {
            return new HyperspacePaths(
                Path.Combine(home, "config"), Path.Combine(home, "state"), cache ?? Path.Combine(home, "cache"), Path.Combine(home, "run"));
        }

        if (root)
        {
            return new HyperspacePaths("/etc/hyperspace", "/var/lib/hyperspace", cache ?? "/var/cache/hyperspace", "/run/hyperspace");
        }

        string User(string name, string fallback) =>
            Path.Combine(Absolute(variable(name)) ?? Path.Combine(Home(variable), fallback), "hyperspace");
        string state = User("XDG_STATE_HOME", ".local/state");
        string runtime = Absolute(variable("XDG_RUNTIME_DIR")) is { } given ? Path.Combine(given, "hyperspace") : Path.Combine(state, "run");
        return new HyperspacePaths(User("XDG_CONFIG_HOME", ".config"), state, cache ?? User("XDG_CACHE_HOME", ".cache"), runtime);
    }

    private static string Home(Func<string, string?> variable) =>
        Absolute(variable("HOME")) ?? throw new InvalidOperationException("HOME is not set to an absolute path, so there is no place for files; set it, or HYPERSPACE_HOME.");

    /// <summary>The specification says that relative paths are invalid and to be ignored.</summary>
    private static string? Absolute(string? path) => string.IsNullOrEmpty(path) || !Path.IsPathRooted(path) ? null : path;
}
