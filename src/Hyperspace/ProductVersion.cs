using System.Reflection;

namespace Hyperspace;

/// <summary>This program's version: what the link compares and <c>--version</c> prints.</summary>
internal static class ProductVersion
{
    public static string Text { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
