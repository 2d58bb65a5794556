using System.Text.Json.Nodes;

namespace Hyperspace.Machines.Definitions;

/// <summary>A VM that is to be made: what is known of it before its disks and its file exist.</summary>
/// <param name="Name">A name that <see cref="Schema.VmSchema.IsName"/> accepts.</param>
public sealed record VmDraft(string Name)
{
    /// <summary>Keys of the definition with their values, without <c>disks</c>, in any order.</summary>
    public JsonObject Keys { get; init; } = [];

    public IList<DraftDisk> Disks { get; init; } = [];

    /// <summary>What of the original could not be taken over; one sentence each.</summary>
    public IList<string> Warnings { get; init; } = [];

    /// <summary>No port at all, instead of the lowest that is free, when <see cref="Keys"/> has none.</summary>
    public bool WithoutPort { get; init; }
}

/// <summary>A disk of a draft: either a new one of <paramref name="Bytes"/>, or an image that exists.</summary>
/// <param name="File">The absolute path of an image that exists; null for a new disk.</param>
/// <param name="Bytes">The size of a new disk; 0 for an image that exists.</param>
/// <param name="Copied">Whether the VM gets a copy of the image in its state folder.</param>
public sealed record DraftDisk(string? File, long Bytes, DiskFormat Format, DiskMode Mode = DiskMode.Persistent, bool Copied = false);
