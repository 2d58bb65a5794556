using Hyperspace.Machines.Engines;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class AcceleratorProbeTests
{
    [Theory]
    [InlineData("kvm", "", "it does not exist", "kvm", "is set to kvm")]
    [InlineData("tcg", "vmx", null, "tcg", "is set to tcg")]
    [InlineData(null, "sse svm", null, "kvm", "hardware virtualisation")]
    [InlineData(null, "vmx", null, "kvm", "hardware virtualisation")]
    [InlineData("", "vmx", null, "kvm", "hardware virtualisation")]
    [InlineData("KVM", "sse", null, "tcg", "HYPERSPACE_ACCELERATOR is \"KVM\"; expected kvm or tcg.")]
    [InlineData(null, "sse", null, "tcg", "neither vmx nor svm")]
    [InlineData(null, "", null, "tcg", "neither vmx nor svm")]
    [InlineData(null, "vmx", "Permission denied (are you in the group kvm?)", "tcg", "Permission denied")]
    public void The_accelerator_is_what_really_works_unless_somebody_says_otherwise(string? wish, string flags, string? openError, string expected, string reason)
    {
        (string accelerator, string why) = AcceleratorProbe.Decide(wish, flags.Split(' ').ToHashSet(), openError);
        Assert.Equal(expected, accelerator);
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }
}
