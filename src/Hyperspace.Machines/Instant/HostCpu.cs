using System.Security.Cryptography;
using System.Text;

namespace Hyperspace.Machines.Instant;

/// <summary>This host's CPU, as a guest of KVM sees it.</summary>
/// <param name="Features">A checksum of its flags.</param>
internal sealed record HostCpu(string Model, string Features)
{
    private static readonly Lazy<HostCpu> Read = new(() => Parse(File.ReadAllText("/proc/cpuinfo")));

    public static HostCpu Current => Read.Value;

    /// <param name="text">As in /proc/cpuinfo (proc(5)); the first CPU speaks for all.</param>
    public static HostCpu Parse(string text)
    {
        string Field(string name) =>
            text.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(':') + 1)..].Trim() : "";
        string flags = string.Join(' ', Field("flags").Split(' ').Order(StringComparer.Ordinal));
        return new HostCpu(Field("model name"), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(flags)))[..16]);
    }
}
